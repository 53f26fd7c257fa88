import AgonText
import Foundation

/// Messages to the user, apart from the results.
enum Console {
    static func say(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data("\(line.printable)\n".utf8))
    }
}
