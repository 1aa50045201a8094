import Glibc

exit(Program.run(CommandLine.argc, CommandLine.unsafeArgv))
