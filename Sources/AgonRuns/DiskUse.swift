import Foundation

/// The disk space that a folder uses.
package enum DiskUse {
    package static func bytes(below path: String) -> Int {
        guard let entries = FileManager.default.enumerator(atPath: path) else { return 0 }
        var total = 0
        while let name = entries.nextObject() as? String {
            var status = stat()
            if lstat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                total += Int(status.st_blocks) * 512
            }
        }
        return total
    }
}
