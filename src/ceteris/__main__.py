from ceteris.cli import main

if __name__ == "__main__":
    main()
