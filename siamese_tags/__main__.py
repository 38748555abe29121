"""Run ``python -m siamese_tags`` as the console command ``siamese-tags``."""

from siamese_tags.cli import main

if __name__ == "__main__":
    main()
