import AgonConfiguration

/// The contents of a sweep file: base configs, the axes along which trials differ, and seeds.
public struct SweepConfiguration: ConfigDecodable, Sendable {
    /// The name of the sweep and of its folder.
    public let name: String
    public let description: String?
    /// The base config of all trials; nil if an axis lists configs.
    let base: String?
    /// Values for all trials that override the base config.
    let set: [ConfigSetting]
    let axes: [SweepAxis]
    let exclusions: [SweepExclusion]
    /// Nil for the seed of the base config.
    public let seeds: [Int]?
    /// Nil for all points of the grid.
    let random: RandomDraws?
    /// The rule that ends trials early; nil for none.
    public let stop: MedianRule?

    public init(from reader: ConfigReader) throws {
        name = try reader.string("name", "The name of the sweep and of its folder.")
        try reader.require(
            FileBytes.isName(name), "name",
            "'\(name)' is not a valid folder name; use letters, digits, '.', '_' and '-'")
        description = try reader.optionalString("description", "The purpose of the sweep, in a sentence or two.")
        base = try reader.optionalString(
            "base",
            "The base config of all trials: a file, relative to this file, or the name of a config that comes with Agon. Not "
                + "allowed if an axis lists configs.")
        set = try ConfigSetting.read(
            "set", from: reader, "Values for all trials: paths of keys with their values, as for --set.")
        axes = try reader.array(
            "axes", of: SweepAxis.self, default: [], "The axes of the grid; each point of the grid is a trial.")
        exclusions = try SweepExclusion.read(from: reader)
        seeds = try reader.optionalIntegers(
            "seeds", count: 1..., in: 0..., "The seeds for each point; default: the config's seed.")
        random = try reader.optionalSection(
            "random", "Random points instead of the whole grid.")
        stop = try reader.optionalSection(
            "stop", "The rule that ends bad trials early; default: no trial is ended early.")
        guard !reader.isDescribing else { return }

        let configAxes = axes.filter(\.namesConfigs)
        try reader.require(
            base != nil || !configAxes.isEmpty, "base", "missing: give a 'base', or an axis with 'config' files")
        try reader.require(
            base == nil || configAxes.isEmpty, "base", "give a 'base' or an axis with 'config' files, not both")
        try reader.require(configAxes.count < 2, "axes", "several axes list 'config' files; only one may")
        let seeds = seeds ?? []
        try reader.require(Set(seeds).count == seeds.count, "seeds", "a seed is repeated")
        try checkAxes(reader)
    }

    /// Checks that axis names are unique and that no two axes set the same path.
    private func checkAxes(_ reader: ConfigReader) throws {
        var names: Set<String> = ["seed"]
        var paths: [ConfigPath: String] = seeds == nil ? [:] : [ConfigPath.root.key("seed"): "seeds"]
        for (index, axis) in axes.enumerated() {
            for name in axis.names where !names.insert(name).inserted {
                guard name != "seed" else {
                    throw reader.fail("axes", index: index, "an axis cannot set 'seed'; use 'seeds', such as [1, 2]")
                }
                throw reader.fail(
                    "axes", index: index, "'\(name)' is already the name of another axis; give this one a 'name'")
            }
            for path in axis.paths {
                if let other = paths[path] {
                    throw reader.fail("axes", index: index, "'\(path)' is already set by \(other)")
                }
                paths[path] = "another axis"
            }
        }
    }

    /// The published JSON Schema of sweep files.
    public static func schema() throws -> ConfigNode {
        try JSONSchema.describe(Self.self, title: "An Agon sweep", id: "sweep-schema.json", partial: true)
    }
}

extension ConfigSetting {
    /// Reads an object whose keys are paths.
    static func read(_ key: String, from reader: ConfigReader, _ doc: String) throws -> [ConfigSetting] {
        let node = try reader.node(key, default: [:], doc)
        guard !reader.isDescribing else { return [] }
        guard let object = node.object else { throw reader.fail(key, "expected an object, found \(node.summary)") }
        return try object.members.map { member in
            guard let path = ConfigPath(member.key) else {
                throw ConfigError.unfit(
                    member.keySource, reader.path.key(key),
                    "'\(member.key)' is not a path of keys, such as optimizer.learningRate or "
                        + "generator.layers[2].features")
            }
            return ConfigSetting(path: path, value: member.value)
        }
    }
}

/// The number and the seed of random points.
struct RandomDraws: ConfigDecodable, Sendable {
    let count: Int
    let seed: UInt64

    init(from reader: ConfigReader) throws {
        count = try reader.integer(
            "count", in: 1...10_000, "The number of points; a larger count keeps all points of a smaller one.")
        seed = UInt64(try reader.integer("seed", in: 0..., default: 0, "The seed of the draws."))
    }
}

/// Excludes the points that meet all its conditions.
struct SweepExclusion: Sendable {
    struct Condition: Sendable {
        /// The name of an axis, or a path of keys.
        let key: String
        let value: ConfigNode
        let source: ConfigSource
    }

    let conditions: [Condition]

    static func read(from reader: ConfigReader) throws -> [SweepExclusion] {
        let node = try reader.node(
            "exclude", default: [],
            "Points to exclude: objects of axis names or paths of keys with values; a point must match all values.")
        guard !reader.isDescribing else { return [] }
        guard let elements = node.array else {
            throw reader.fail("exclude", "expected an array, found \(node.summary)")
        }
        return try elements.enumerated().map { index, element in
            guard let object = element.object, !object.isEmpty else {
                throw reader.fail("exclude", index: index, "expected an object with keys, found \(element.summary)")
            }
            return SweepExclusion(
                conditions: object.members.map { Condition(key: $0.key, value: $0.value, source: $0.keySource) })
        }
    }
}
