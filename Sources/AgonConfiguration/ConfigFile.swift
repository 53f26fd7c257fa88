#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension ConfigNode {
    /// The largest config file read, in bytes.
    static let fileSizeLimit = 64 << 20

    /// The config in a file, merged over the files it extends. Each value keeps the file and line it was written in.
    ///
    /// `"extends": "path"`, or an array of paths, at the top level names files relative to the extending one, or else
    /// configs that come with Agon by their short names (`gan/mlp`); the later of several override the earlier. Objects
    /// are merged key by key, arrays and scalars replaced, with two rules for sections that choose a variant by
    /// `"type"`:
    /// - an object with another `"type"` than the one below replaces it entirely, because keys of the other variant
    ///   have no meaning for it;
    /// - an object over a plain string, the short form of `{"type": …}`, is merged with that long form.
    ///
    /// The top-level keys `extends` and `$schema` (a hint for editors) are removed.
    ///
    /// Throws `ConfigError`: unreadable file, syntax, a top level that is not an object, a cycle of extending files.
    public static func load(path: String) throws -> ConfigNode {
        var loader = ConfigLoader()
        return try loader.load(path, extendedAt: nil)
    }

    /// This node laid over `base` by the rules of `load(path:)`.
    public func merged(over base: ConfigNode) -> ConfigNode {
        guard case .object(let upper) = content, case .object(var lower) = base.typeObject.content else { return self }
        if let type = upper["type"], let baseType = lower["type"], type != baseType { return self }
        for member in upper.members {
            let value = lower[member.key].map { member.value.merged(over: $0) } ?? member.value
            lower.set(member.key, value, keySource: member.keySource)
        }
        return ConfigNode(.object(lower), source: source)
    }

    /// A plain string in its long form as a section: `"relu"` is short for `{"type": "relu"}`. Other nodes are
    /// unchanged.
    var typeObject: ConfigNode {
        guard case .string = content else { return self }
        var object = ConfigObject()
        object["type"] = self
        return ConfigNode(.object(object), source: source)
    }
}

/// The files of one `load`; each is read once.
private struct ConfigLoader {
    private var loaded: [String: ConfigNode] = [:]
    /// The files being read, outermost first.
    private var chain: [(canonical: String, shown: String)] = []

    mutating func load(_ path: String, extendedAt: ConfigSource?) throws -> ConfigNode {
        let canonical = FileBytes.canonicalPath(path) ?? path
        if let node = loaded[canonical] { return node }
        if let start = chain.firstIndex(where: { $0.canonical == canonical }) {
            throw ConfigError.extendsCycle(
                extendedAt ?? ConfigSource(file: path), chain: chain[start...].map(\.shown) + [chain[start].shown])
        }
        guard chain.count < ConfigParser.depthLimit else {
            throw ConfigError.unfit(
                extendedAt ?? ConfigSource(file: path), .root.key("extends"),
                "more than \(ConfigParser.depthLimit) files extend one another")
        }
        chain.append((canonical, path))
        defer { chain.removeLast() }

        let bytes: [UInt8]
        do {
            bytes = try FileBytes.contents(of: path, limit: ConfigNode.fileSizeLimit)
        } catch ConfigError.unreadableFile(let path, let reason, _, let isPassing) {
            throw ConfigError.unreadableFile(
                path: path, reason: reason, extendedAt: extendedAt, isPassing: isPassing)
        }
        guard bytes.count <= ConfigNode.fileSizeLimit else {
            throw ConfigError.syntax(ConfigSource(file: path), .tooLarge(limit: ConfigNode.fileSizeLimit))
        }
        let node = try merge(try ConfigParser.parse(bytes, file: path), directory: Self.directory(of: path))
        loaded[canonical] = node
        return node
    }

    private mutating func merge(_ node: ConfigNode, directory: String) throws -> ConfigNode {
        guard case .object(var object) = node.content else {
            throw ConfigError.wrongType(node.source, .root, expected: "an object", found: node.summary)
        }
        let extends = object["extends"]
        object["extends"] = nil
        if object["$schema"]?.string != nil { object["$schema"] = nil }
        let own = ConfigNode(.object(object), source: node.source)
        guard let extends else { return own }

        var base: ConfigNode?
        for (index, name) in (extends.array ?? [extends]).enumerated() {
            guard let stated = name.string, !stated.isEmpty else {
                let place = ConfigPath.root.key("extends")
                throw ConfigError.wrongType(
                    name.source, extends.array == nil ? place : place.index(index),
                    expected: "the path of a file", found: name.summary)
            }
            let path = Self.file(stated, in: directory)
            if access(path, F_OK) != 0, errno == ENOENT, let nearest = Self.suggestion(for: stated) {
                throw ConfigError.unreadableFile(
                    path: path, reason: "no such file. Did you mean '\(nearest)'?", extendedAt: name.source)
            }
            let next = try load(path, extendedAt: name.source)
            base = base.map { next.merged(over: $0) } ?? next
        }
        return base.map { own.merged(over: $0) } ?? own
    }

    /// The path of a file that another extends.
    private static func file(_ name: String, in directory: String) -> String {
        let path = join(directory, name)
        guard FileBytes.canonicalPath(path) == nil else { return path }
        let shipped = ProjectFiles.config(name, in: "Configs")
        return shipped == name ? path : shipped
    }

    /// The config that comes with Agon and has nearly this name.
    private static func suggestion(for name: String) -> String? {
        name.hasPrefix("/")
            ? nil
            : ProjectFiles.nearestConfig(to: name, in: "Configs", names: ProjectFiles.configNames(in: "Configs"))
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    /// The path as a user would write it, with `..` removed if that names the same file (a link may be
    /// between).
    private static func join(_ directory: String, _ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        return FileBytes.simplifiedPath(directory + path)
    }
}
