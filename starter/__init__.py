"""The programs that start and steer escalations: the command line, and the embedded stack they can run on."""
