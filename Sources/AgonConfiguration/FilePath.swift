/// Parts of file paths.
public enum FilePath {
    /// The path of the folder that contains a file or folder: `a` for `a/b` and `a/b/`, `/` for `/a` and `/`, empty for
    /// `a`.
    ///
    /// Foundation's version crashes on a path of one character (Swift 6.3 on Linux).
    public static func parent(of path: String) -> String {
        var rest = path[...]
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return "" }
        rest = rest[..<slash]
        while rest.last == "/" { rest.removeLast() }
        return rest.isEmpty ? "/" : String(rest)
    }

    /// A path and those of its enclosing folders, innermost first.
    public static func ancestry(of path: String) -> [String] {
        var paths: [String] = []
        var next = path
        while !next.isEmpty, paths.last != next {
            paths.append(next)
            next = parent(of: next)
        }
        return paths
    }
}
