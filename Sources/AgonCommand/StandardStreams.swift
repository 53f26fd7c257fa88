import Foundation

/// Descriptors 0 to 2, which may be closed when the program starts.
enum StandardStreams {
    /// Opens closed ones on /dev/null. Otherwise the next file opened would get such a number, and terminal output would go
    /// into it.
    static func fill() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // open returns the lowest free number: this one.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
    }
}
