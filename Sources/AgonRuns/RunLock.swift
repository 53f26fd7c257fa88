import Foundation

/// The lock on a run's folder. `flock` excludes other processes. On Linux there is also a shared record lock on the
/// open folder, which other processes can query without taking a lock.
enum RunLock {
    enum Outcome {
        case taken, held
        /// The file system does not support locks.
        case impossible
    }

    /// Retries for up to 0.2 s, because the lock may be held for an instant: older versions take it to query it, and a
    /// child process shares its parent's descriptors until it executes its program.
    static func take(_ descriptor: Int32) -> Outcome {
        for _ in 0..<20 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                show(descriptor)
                return .taken
            }
            guard errno == EWOULDBLOCK || errno == EINTR else { return .impossible }
            usleep(10_000)
        }
        return .held
    }

    /// Whether another descriptor of the folder holds the lock.
    static func isHeld(_ descriptor: Int32) -> Bool {
        if isShown(descriptor) == true { return true }
        #if canImport(Glibc)
            // An older version or the `flock` program holds only the `flock` lock.
            return isListed(descriptor)
        #else
            guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return false }
            return errno == EWOULDBLOCK
        #endif
    }

    #if canImport(Glibc)
        private static func show(_ descriptor: Int32) {
            var lock = Glibc.flock()
            lock.l_type = Int16(F_RDLCK)
            lock.l_whence = Int16(SEEK_SET)
            _ = fcntl(descriptor, ownedByOpenFile + 1, &lock)
        }

        /// Nil if the file system does not support record locks.
        private static func isShown(_ descriptor: Int32) -> Bool? {
            var lock = Glibc.flock()
            lock.l_type = Int16(F_WRLCK)
            lock.l_whence = Int16(SEEK_SET)
            guard fcntl(descriptor, ownedByOpenFile, &lock) == 0 else { return nil }
            return lock.l_type != Int16(F_UNLCK)
        }

        /// F_OFD_GETLK of fcntl.h, which Swift does not import; F_OFD_SETLK is the next number.
        private static let ownedByOpenFile: Int32 = 36

        /// Whether the system lists an exclusive `flock` on the folder.
        private static func isListed(_ descriptor: Int32) -> Bool {
            var status = stat()
            guard fstat(descriptor, &status) == 0, let list = FileManager.default.contents(atPath: "/proc/locks") else {
                return false
            }
            let major = status.st_dev >> 8 & 0xfff | status.st_dev >> 32 & ~0xfff
            let minor = status.st_dev & 0xff | status.st_dev >> 12 & ~0xff
            func digits(_ number: UInt) -> String {
                let text = String(number, radix: 16)
                return text.utf8.count < 2 ? "0" + text : text
            }
            let file = "\(digits(major)):\(digits(minor)):\(status.st_ino)"
            return String(decoding: list, as: UTF8.self).split(separator: "\n").contains { line in
                let words = line.split(separator: " ")
                // Lines of waiting processes have an arrow as second word.
                return words.count >= 6 && words[1] == "FLOCK" && words[3] == "WRITE" && words[5] == file
            }
        }
    #else
        private static func show(_ descriptor: Int32) {}
        private static func isShown(_ descriptor: Int32) -> Bool? { nil }
    #endif
}
