#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Errors of system calls with a transient cause, such as a full disk, rather than a wrong request.
package enum PassingCodes {
    private static let codes: Set<Int32> = [
        ENOSPC, EDQUOT, EFBIG, EIO, ESTALE, EAGAIN, ENOMEM, EMFILE, ENFILE, ETIMEDOUT, ENOLCK, EINTR, ENXIO, ENODEV,
    ]

    package static func contains(_ code: Int32) -> Bool { codes.contains(code) }
}
