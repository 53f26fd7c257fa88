// The C library declares its streams as variables, which it guards itself.
#if canImport(Glibc)
    @preconcurrency import Glibc
#else
    @preconcurrency import Darwin
#endif

/// Descriptors 0 to 2, which may be closed when the program starts.
enum StandardStreams {
    /// Opens closed ones on /dev/null. Otherwise the next file opened would get such a number, and terminal output
    /// would go into it.
    static func fill() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // open returns the lowest free number: this one.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
    }

    /// Makes any command fail at exit if its output could not be written, as on a full disk. A reader that closed its
    /// end of a pipe has read enough.
    static func checkOutputAtExit() {
        atexit {
            guard let code = StandardStreams.outputFailure, code != EPIPE else { return }
            let reason = code == 0 ? "" : ": \(String(cString: strerror(code)))"
            Console.say("agon: error: cannot write the output\(reason)")
            _exit(ExitStatus.badInput.rawValue)
        }
    }

    /// The error number of output that was not written, 0 for an unknown one; nil if all of it was.
    private static var outputFailure: Int32? {
        errno = 0
        if fflush(stdout) != 0 { return errno }
        guard ferror(stdout) != 0 else { return nil }
        // An earlier write failed, and only its number was lost: another write fails in the same way.
        return write(STDOUT_FILENO, "\n", 1) < 0 ? errno : 0
    }
}
