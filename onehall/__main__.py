"""`python -m onehall` is the `onehall` command."""

from onehall.cli.main import main

if __name__ == "__main__":
    main()
