"""The words of the command line, one group a file; each hands over to a module of host_tools that does the work."""
