import AgonConfiguration
import Foundation

/// Paths that a sweep file names.
package enum SweepPaths {
    /// Resolves a path relative to the file that names it (unless a `--set` argument names it).
    package static func join(_ file: String, _ path: String) -> String {
        let isRooted = path.hasPrefix("/") || file.hasPrefix("--set ")
        let folder = isRooted ? "" : file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        return FileBytes.simplifiedPath(folder + path)
    }

    /// The name of a config in tables: `../gas/original.json` becomes `gas/original`.
    static func label(_ path: String) -> String {
        let parts = path.split(separator: "/").drop { $0 == ".." || $0 == "." }
        let text = parts.joined(separator: "/")
        return text.hasSuffix(".json") ? String(text.dropLast(5)) : text
    }

    /// The absolute path, without resolving symbolic links.
    package static func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return join("", whole)
    }

    /// The path of the running program.
    static var program: String {
        let path = Bundle.main.executablePath ?? CommandLine.arguments[0]
        return (absolute(path) as NSString).resolvingSymlinksInPath
    }
}
