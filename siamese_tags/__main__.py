"""``python -m siamese_tags`` is the console command ``siamese-tags``."""

from siamese_tags.cli import main

if __name__ == "__main__":
    main()
