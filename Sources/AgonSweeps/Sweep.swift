import AgonConfiguration
import AgonExperiments
import AgonTensors
import AgonText

/// A sweep file with the trials that it defines.
public struct Sweep: Sendable {
    public let configuration: SweepConfiguration
    /// The sweep file with all defaults filled in.
    public let resolved: ConfigNode
    /// The path of the file as given by the user.
    public let file: String
    /// The names of the axes, in the order of the file; `seed` is last if the sweep has seeds.
    public let axes: [String]
    public private(set) var trials: [SweepTrial]
    /// The trials that `without` took out.
    private(set) var omitted: Set<String> = []
    /// Notes for the user about exclusions that match nothing and about identical points.
    public let notes: [String]

    /// The maximum number of trials in a sweep.
    static let trialLimit = 100_000

    /// Reads a sweep file and the configs that it names, and checks the config of every trial.
    ///
    /// - Parameters:
    ///   - overrides: `path=value` arguments that override values of the sweep file, applied in order.
    ///   - settings: further values that override those of the sweep file.
    ///
    /// Throws `ConfigError`, `SweepError`.
    public init(file: String, overrides: [String] = [], settings: [ConfigSetting] = []) throws {
        let node = try ConfigNode.load(path: file)
        if let kind = FileKind(of: node), kind != .sweep {
            throw ConfigError.unfit(
                ConfigSource(file: file), .root,
                "\(kind.noun), not a sweep; use it with: \(kind.command(for: file))")
        }
        try self.init(
            file: file,
            node: settings.reduce(node.applying(overrides)) { try $0.setting($1.value, at: $1.path) })
    }

    /// - Parameter node: the values of the file, whose paths are relative to it.
    init(file: String, node: ConfigNode) throws {
        let (configuration, resolved) = try ConfigReader.decode(SweepConfiguration.self, from: node)
        self.configuration = configuration
        self.resolved = resolved
        self.file = file
        var expansion = try SweepExpansion(configuration, resolved: resolved)
        try expansion.run()
        trials = expansion.trials
        notes = expansion.notes
        axes = configuration.axes.flatMap(\.names) + (configuration.seeds == nil ? [] : ["seed"])
        guard !trials.isEmpty else { throw SweepError.noTrials(file: file) }
        try checkRule()
    }

    /// The sweep without some of its trials; it may have none left.
    public func without(_ ids: Set<String>) -> Sweep {
        var sweep = self
        sweep.trials.removeAll { ids.contains($0.id) }
        sweep.omitted.formUnion(ids)
        return sweep
    }

    /// Rejects a rule with a metric that no trial measures: it would never end a trial.
    private func checkRule() throws {
        guard let metric = configuration.stop?.metric, metric.hasPrefix("metric.") else { return }
        let name = String(metric.dropFirst("metric.".count))
        guard !trials.contains(where: { $0.experiment.evaluations.contains { $0.mayMeasure(name) } }) else { return }
        throw ConfigError.unfit(
            resolved["stop"]?["metric"]?.source ?? resolved.source, .root.key("stop").key("metric"),
            "no trial measures '\(metric)'; see 'evaluate.metrics'")
    }
}

/// One training of a sweep.
public struct SweepTrial: Sendable {
    /// The first 12 digits of `identity`: the name of the trial's folder.
    public let id: String
    /// The values of the sweep's axes, in the order of the axes; the seed is last.
    public let settings: [(axis: String, value: ConfigNode)]
    /// The name of its base config in tables: `gas/original`.
    public let base: String
    public let experiment: Experiment

    /// The SHA-256 of all settings that the trial's weights and recorded values depend on.
    static func identity(of experiment: Experiment) -> String {
        experiment.identity(of: [.result, .chance, .length, .measurement]).digest
    }

    package static func id(of experiment: Experiment) -> String { String(identity(of: experiment).prefix(12)) }

    /// `learningRate=0.0002 seed=1`
    public var label: String { Self.label(settings) }

    package static func label(_ settings: [(axis: String, value: ConfigNode)]) -> String {
        settings.map { "\(shortName($0.axis))=\(text(of: $0.value))" }.joined(separator: " ")
    }

    /// The last key of a path: `optimizer.learningRate` becomes `learningRate`.
    package static func shortName(_ axis: String) -> String { axis.split(separator: ".").last.map(String.init) ?? axis }

    /// A value as one line of text for tables.
    package static func text(of value: ConfigNode) -> String {
        guard let text = value.string,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return value.lineText }
        return text
    }
}

/// Enumerates the points of a sweep and creates the trials of each.
struct SweepExpansion {
    private let configuration: SweepConfiguration
    private let resolved: ConfigNode
    private(set) var trials: [SweepTrial] = []
    private(set) var notes: [String] = []
    private var bases: [String: ConfigNode] = [:]
    /// The config that the sweep file names.
    private var ownBase: (path: String, label: String)?
    /// The labels of the trials by their names.
    private var known: [String: String] = [:]
    private var repeated = 0
    /// The labels of the first trial that repeats another one, and of that one.
    private var firstRepeated: (label: String, former: String)?
    /// How many points each exclusion removed, and the exclusions' keys that were found at any point.
    private var matches: [Int]
    private var foundKeys: Set<String> = []

    init(_ configuration: SweepConfiguration, resolved: ConfigNode) throws {
        self.configuration = configuration
        self.resolved = resolved
        matches = [Int](repeating: 0, count: configuration.exclusions.count)
    }

    mutating func run() throws {
        if let random = configuration.random { try draw(random) } else { try takeGrid() }
        if repeated > 0 {
            let example = firstRepeated.map { ", such as \($0.label): the same trial as \($0.former)" } ?? ""
            notes.append("duplicate points, tried only once: \(repeated)\(example)")
        }
        for (index, exclusion) in configuration.exclusions.enumerated() where matches[index] == 0 {
            if let unknown = exclusion.conditions.first(where: { !foundKeys.contains($0.key) }) {
                throw ConfigError.unknownKey(
                    unknown.source, ConfigPath.root.key("exclude").index(index).key(unknown.key),
                    nearest: nearestName(to: unknown.key, in: keys), known: keys)
            }
            notes.append("exclude[\(index)] matches no trial")
        }
    }

    private var keys: [String] { configuration.axes.flatMap(\.names) + configuration.set.map(\.path.description) }

    private mutating func takeGrid() throws {
        let columns = try configuration.axes.map { try $0.points() }
        var count = configuration.seeds?.count ?? 1
        for column in columns {
            let (product, overflow) = count.multipliedReportingOverflow(by: column.count)
            guard !overflow, product <= Sweep.trialLimit else {
                throw ConfigError.unfit(
                    resolved.source, .root.key("axes"),
                    "the grid has more than \(Sweep.trialLimit) points; draw a subset with 'random'")
            }
            count = product
        }
        try takeGrid(columns[...], from: SweepAxis.Point())
    }

    private mutating func takeGrid(_ columns: ArraySlice<[SweepAxis.Point]>, from point: SweepAxis.Point) throws {
        guard let column = columns.first else {
            _ = try take(point)
            return
        }
        for next in column { try takeGrid(columns.dropFirst(), from: point.joined(next)) }
    }

    /// Draws points until there are as many as wanted. The draws depend only on the seed and the axis names, so earlier
    /// draws stay the same if the count grows or an axis is added.
    private mutating func draw(_ random: RandomDraws) throws {
        var taken = 0
        for index in 0..<(random.count * 100 + 1000) where taken < random.count {
            let point = try configuration.axes.reduce(SweepAxis.Point()) { point, axis in
                try point.joined(
                    axis.draw { name in
                        let stream = RandomStream(seed: random.seed, purpose: "sweep \(name)", step: UInt64(index))
                        let words = stream.bits(count: 2)
                        return Double((UInt64(words[0]) << 32 | UInt64(words[1])) >> 11) * 0x1p-53
                    })
            }
            if try take(point) { taken += 1 }
        }
        repeated = 0
        guard taken == random.count else {
            throw ConfigError.unfit(
                resolved.source, .root.key("random").key("count"),
                "\(random.count) points are wanted, but the axes give only \(taken) different ones")
        }
    }

    /// Adds the trials of a point, one for each seed; returns false if the point is excluded or repeats another one.
    private mutating func take(_ point: SweepAxis.Point) throws -> Bool {
        let base = self.base(of: point)
        var node = try self.node(of: base.path)
        for setting in configuration.set + point.settings {
            node = try node.setting(setting.value, at: setting.path)
        }
        let seedPath = ConfigPath.root.key("seed")
        var isNew = false
        for seed in configuration.seeds?.map(Optional.some) ?? [nil] {
            var settings = point.labels
            var seeded = node
            if let seed {
                settings.append(("seed", ConfigNode(seed)))
                seeded = try node.setting(
                    ConfigNode(.number(String(seed)), source: resolved["seeds"]?.source ?? .program), at: seedPath)
            }
            if try isExcluded(settings, seeded) { continue }
            let experiment = try Experiment(seeded)
            let id = SweepTrial.id(of: experiment)
            if let former = known[id] {
                repeated += 1
                firstRepeated = firstRepeated ?? (SweepTrial.label(settings), former)
                continue
            }
            known[id] = SweepTrial.label(settings)
            isNew = true
            trials.append(
                SweepTrial(id: id, settings: settings, base: base.label, experiment: experiment))
        }
        return isNew
    }

    /// The config that a point starts from, and its name in tables.
    private mutating func base(of point: SweepAxis.Point) -> (path: String, label: String) {
        if let base = point.config ?? ownBase { return base }
        let node = resolved["base"]
        let (file, name) = (node?.source.file ?? "", node?.string ?? "")
        let base = (SweepPaths.config(file, name), SweepPaths.label(name, in: file))
        ownBase = base
        return base
    }

    private mutating func node(of path: String) throws -> ConfigNode {
        if let node = bases[path] { return node }
        guard FileSystem.exists(path) else {
            let key = ownBase == nil ? "axes" : "base"
            throw ConfigError.unfit(
                resolved[key]?.source ?? resolved.source, .root.key(key),
                "there is no file '\(path)', and no config of this name comes with Agon; list configs with: "
                    + CommandText.agon("configs"))
        }
        let node = try ConfigNode.load(path: path)
        bases[path] = node
        return node
    }

    // MARK: Exclusions

    private mutating func isExcluded(_ settings: [(axis: String, value: ConfigNode)], _ node: ConfigNode) throws -> Bool
    {
        var isExcluded = false
        for (index, exclusion) in configuration.exclusions.enumerated() {
            var agrees = true
            for condition in exclusion.conditions {
                guard let value = try value(of: condition.key, settings, node) else {
                    agrees = false
                    continue
                }
                foundKeys.insert(condition.key)
                if value.canonicalText != condition.value.canonicalText { agrees = false }
            }
            if agrees {
                matches[index] += 1
                isExcluded = true
            }
        }
        return isExcluded
    }

    /// The value of an axis or a path of keys at a point. Defaults are looked up in the resolved config. This comes
    /// last, because a point may be excluded precisely because its config is invalid.
    private func value(of key: String, _ settings: [(axis: String, value: ConfigNode)], _ node: ConfigNode) throws
        -> ConfigNode?
    {
        if let setting = settings.first(where: { $0.axis == key }) { return setting.value }
        guard let path = ConfigPath(key) else { return nil }
        if let value = node.value(at: path) { return value }
        return try Experiment(node).resolved.value(at: path)
    }
}
