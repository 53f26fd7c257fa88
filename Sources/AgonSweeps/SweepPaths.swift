import Foundation

/// Paths that a sweep file names.
package enum SweepPaths {
    /// A path relative to the file that names it (not to a `--set` argument), with `..` taken out where that names the
    /// same file: a link may stand between.
    package static func join(_ file: String, _ path: String) -> String {
        let isRooted = path.hasPrefix("/") || file.hasPrefix("--set ")
        let joined = (isRooted ? "" : file.lastIndex(of: "/").map { String(file[...$0]) } ?? "") + path
        var parts: [Substring] = []
        for part in joined.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        let short = (joined.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
        return canonical(short) == canonical(joined) ? short : joined
    }

    private static func canonical(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// What tables call a config: `../gas/original.json` is `gas/original`.
    static func label(_ path: String) -> String {
        let parts = path.split(separator: "/").drop { $0 == ".." || $0 == "." }
        let text = parts.joined(separator: "/")
        return text.hasSuffix(".json") ? String(text.dropLast(5)) : text
    }

    /// The path from the root of the file system, links as they are.
    package static func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return join("", whole)
    }

    /// The program that is running.
    static var program: String {
        let path = Bundle.main.executablePath ?? CommandLine.arguments[0]
        return (absolute(path) as NSString).resolvingSymlinksInPath
    }
}
