import AgonConfiguration

/// A sweep as its file states it: base configs, the axes along which trials differ, and seeds.
public struct SweepConfiguration: ConfigDecodable, Sendable {
    /// Names the sweep's folder.
    public let name: String
    public let description: String?
    /// The config that all trials begin with; nil where an axis names the configs.
    let base: String?
    /// Values of all trials, over those of the base.
    let set: [ConfigSetting]
    let axes: [SweepAxis]
    let exclusions: [SweepExclusion]
    /// Nil: the base's own seed.
    public let seeds: [Int]?
    /// Nil: every point of the grid.
    let random: RandomDraws?
    /// Nil: every trial is trained to its end.
    public let stop: MedianRule?

    public init(from reader: ConfigReader) throws {
        name = try reader.string("name", "A name for the sweep, and for its folder.")
        try reader.require(
            SweepFolder.isName(name), "name",
            "'\(name)' is not a valid folder name; use letters, digits, '.', '_' and '-'")
        description = try reader.optionalString("description", "What the sweep is to find out, in a sentence or two.")
        base = try reader.optionalString(
            "base", "The config of all trials, relative to this file; none where an axis lists configs.")
        set = try ConfigSetting.read(
            "set", from: reader, "Values of all trials: paths of keys and what stands there, as by --set.")
        axes = try reader.array(
            "axes", of: SweepAxis.self, default: [], "Where the trials differ; each point of the grid is a trial.")
        exclusions = try SweepExclusion.read(from: reader)
        seeds = try reader.optionalIntegers(
            "seeds", count: 1..., in: 0..., "The seeds that each point is tried with; the config's own if not given.")
        random = try reader.optionalSection(
            "random", RandomDraws.self, "Draw points by chance instead of taking the whole grid.")
        stop = try reader.optionalSection("stop", MedianRule.self, "End trials early that do badly; none if not given.")
        guard !reader.isDescribing else { return }

        let configAxes = axes.filter(\.namesConfigs)
        try reader.require(
            base != nil || !configAxes.isEmpty, "base", "missing: give a 'base', or an axis of several 'config' files")
        try reader.require(
            base == nil || configAxes.isEmpty, "base", "give a 'base' or an axis of 'config' files, not both")
        try reader.require(configAxes.count < 2, "axes", "several axes list 'config' files; only one may")
        let seeds = seeds ?? []
        try reader.require(Set(seeds).count == seeds.count, "seeds", "a seed stands there twice")
        try checkAxes(reader)
    }

    /// Every name stands for one axis, and no value is set by two.
    private func checkAxes(_ reader: ConfigReader) throws {
        var names: Set<String> = ["seed"]
        var paths: [ConfigPath: String] = seeds == nil ? [:] : [ConfigPath.root.key("seed"): "seeds"]
        for (index, axis) in axes.enumerated() {
            for name in axis.names where !names.insert(name).inserted {
                throw reader.fail(
                    "axes", index: index, "'\(name)' is the name of another axis already; give this one a 'name'")
            }
            for path in axis.paths {
                if let other = paths[path] {
                    throw reader.fail("axes", index: index, "'\(path)' is set by \(other) already")
                }
                paths[path] = "another axis"
            }
        }
    }

    /// The published JSON Schema of sweep files.
    public static func schema() throws -> ConfigNode {
        try JSONSchema.describe(Self.self, title: "A sweep of Agon", id: "sweep-schema.json", partial: true)
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
                    "'\(member.key)' is no path of keys, such as optimizer.learningRate or generator.layers[2].features"
                )
            }
            return ConfigSetting(path: path, value: member.value)
        }
    }
}

/// How many points are drawn, and from which seed.
struct RandomDraws: ConfigDecodable, Sendable {
    let count: Int
    let seed: UInt64

    init(from reader: ConfigReader) throws {
        count = try reader.integer(
            "count", in: 1...10_000, "Points to draw; with more, those drawn before stay the same.")
        seed = UInt64(try reader.integer("seed", in: 0..., default: 0, "Seed of the draws."))
    }
}

/// Points that are left out: those that have all the values.
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
            "Points to leave out: objects whose keys are names of axes or paths of keys; all their values must agree.")
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
