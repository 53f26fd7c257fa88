import AgonTensors
import Foundation

/// A file that grows by whole entries: an entry that cannot be written completely, as on a full disk, is removed.
struct AppendedFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// Opens a file, or creates an empty one.
    ///
    /// Throws `TensorsError.cannotWrite`.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0o666)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    /// Waits for an exclusive lock on the file and holds it until the file is closed. This has no effect on a file
    /// system without locks.
    ///
    /// - Returns: whether the path still leads to this file; it may have been replaced in the meantime.
    borrowing func lock() -> Bool {
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        var own = stat()
        var named = stat()
        guard fstat(descriptor, &own) == 0, stat(path, &named) == 0 else { return false }
        return own.st_dev == named.st_dev && own.st_ino == named.st_ino
    }

    /// Appends an entry.
    ///
    /// Throws `TensorsError.cannotWrite` and leaves the file unchanged.
    borrowing func append(_ bytes: [UInt8]) throws {
        let length = lseek(descriptor, 0, SEEK_END)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let error = Self.failure(path)
                ftruncate(descriptor, length)
                throw error
            }
            written += count
        }
    }

    /// Truncates the file to `length` bytes.
    ///
    /// Throws `TensorsError.cannotWrite`.
    borrowing func truncate(to length: Int) throws {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw Self.failure(path) }
    }

    /// Writes the entries to the disk. A file that is not on a disk, such as a pipe, is skipped.
    ///
    /// Throws `TensorsError.cannotWrite`.
    borrowing func synchronise() throws {
        guard fsync(descriptor) == 0 || (errno != EIO && errno != ENOSPC) else { throw Self.failure(path) }
    }

    private static func failure(_ path: String) -> TensorsError { .cannotWrite(path: path, code: errno) }
}
