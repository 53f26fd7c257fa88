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

    /// The path of a config that a file names: relative to the file if there is one, else that of the config with this
    /// short name that comes with Agon. A name without a config is joined to the file's path.
    ///
    /// - Parameter folder: where short names begin.
    package static func config(_ file: String, _ name: String, in folder: String = "Configs") -> String {
        let path = join(file, name)
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        let shipped = ProjectFiles.config(name, in: folder)
        return shipped == name ? path : shipped
    }

    /// The name of a config in tables: `../gas/original.json` becomes `gas/original`, and so does the path of such a
    /// config of the project from anywhere.
    ///
    /// - Parameter file: the file that names the config.
    static func label(_ path: String, in file: String) -> String {
        let whole = absolute(join(file, path))
        for folder in ProjectFiles.places(of: "Configs") where whole.hasPrefix(folder + "/") {
            return label(String(whole.dropFirst(folder.count + 1)))
        }
        // Beside or below the file that names it.
        let folder = FilePath.parent(of: absolute(file)) + "/"
        return label(path.hasPrefix("/") && whole.hasPrefix(folder) ? String(whole.dropFirst(folder.count)) : path)
    }

    private static func label(_ path: String) -> String {
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
    package static var program: String {
        let path = Bundle.main.executablePath ?? CommandLine.arguments[0]
        return (absolute(path) as NSString).resolvingSymlinksInPath
    }
}
