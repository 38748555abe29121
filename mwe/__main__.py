"""``python -m mwe``."""

from mwe.cli import main

if __name__ == "__main__":
    main()
