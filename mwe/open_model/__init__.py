"""The open model: what published towers hear, joined to words by tag documents and texts, without labelled audio."""
