"""Tower pairs side by side: tags and captions of collections that none of them is trained on by this package."""
