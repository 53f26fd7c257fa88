import AgonConfiguration
import AgonExperiments
import AgonTensors

/// The trials that a sweep file stands for.
public struct Sweep: Sendable {
    public let configuration: SweepConfiguration
    /// The sweep's file as read, every default written out.
    public let resolved: ConfigNode
    /// As the user named it.
    public let file: String
    /// The names of what trials differ in, in the order of the file; `seed` last if the sweep has seeds.
    public let axes: [String]
    public let trials: [SweepTrial]
    /// What the user should know: exclusions that match nothing, points that are the same.
    public let notes: [String]

    /// The most trials that one sweep may have.
    static let trialLimit = 100_000

    /// Reads a sweep file, and the configs that it names, and checks the config of every trial.
    ///
    /// - Parameter overrides: `path=value` arguments that go over the sweep file's own values, applied in turn.
    ///
    /// Throws `ConfigError`, `SweepError`.
    public init(file: String, overrides: [String] = []) throws {
        let node = try ConfigNode.load(path: file).applying(overrides)
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

    /// A rule that compares what no trial measures would never end one.
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
    /// The values of the sweep's axes, in their order, the seed last.
    public let settings: [(axis: String, value: ConfigNode)]
    /// The config that it began with, as tables call it: `gas/original`.
    public let base: String
    public let experiment: Experiment

    /// The SHA-256 of the config in full but for what changes no result.
    static func identity(of resolved: ConfigNode) -> String {
        resolved.removing(["name", "description", "system", "log.tensorboard"]).digest
    }

    /// `learningRate=0.0002 seed=1`
    public var label: String { Self.label(settings) }

    static func label(_ settings: [(axis: String, value: ConfigNode)]) -> String {
        settings.map { "\(shortName($0.axis))=\(text(of: $0.value))" }.joined(separator: " ")
    }

    /// The last key of a path: `optimizer.learningRate` is `learningRate`.
    static func shortName(_ axis: String) -> String { axis.split(separator: ".").last.map(String.init) ?? axis }

    /// A value as a table shows it, in one line.
    static func text(of value: ConfigNode) -> String {
        guard let text = value.string,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return value.lineText }
        return text
    }
}

/// Goes through the points of a sweep and makes a trial of each.
struct SweepExpansion {
    private let configuration: SweepConfiguration
    private let resolved: ConfigNode
    private(set) var trials: [SweepTrial] = []
    private(set) var notes: [String] = []
    private var bases: [String: ConfigNode] = [:]
    private var known: Set<String> = []
    private var repeated = 0
    /// How many points each exclusion took away, and which of their keys were found anywhere.
    private var matches: [Int]
    private var foundKeys: Set<String> = []

    init(_ configuration: SweepConfiguration, resolved: ConfigNode) throws {
        self.configuration = configuration
        self.resolved = resolved
        matches = [Int](repeating: 0, count: configuration.exclusions.count)
    }

    mutating func run() throws {
        if let random = configuration.random { try draw(random) } else { try takeGrid() }
        if repeated > 0 { notes.append("\(repeated) of the points are the same as others and are tried once") }
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
                    "the grid has more than \(Sweep.trialLimit) points; draw some with 'random'")
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

    /// Draws points until there are as many as wanted. The draws depend on seed and axis names alone, so that more of
    /// them, or another axis, leave the former ones as they are.
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
                "\(random.count) points are wanted, but the axes have only \(taken)")
        }
    }

    /// Makes the trials of a point, one for each seed; false if it is left out or was there before.
    private mutating func take(_ point: SweepAxis.Point) throws -> Bool {
        var node = try base(of: point)
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
            let id = String(SweepTrial.identity(of: experiment.resolved).prefix(12))
            guard known.insert(id).inserted else {
                repeated += 1
                continue
            }
            isNew = true
            trials.append(
                SweepTrial(
                    id: id, settings: settings,
                    base: SweepPaths.label(point.config?.written ?? configuration.base ?? ""),
                    experiment: experiment))
        }
        return isNew
    }

    private mutating func base(of point: SweepAxis.Point) throws -> ConfigNode {
        let path: String
        if let config = point.config {
            path = config.path
        } else {
            let node = resolved["base"]
            path = SweepPaths.join(node?.source.file ?? "", node?.string ?? "")
        }
        if let node = bases[path] { return node }
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

    /// What an axis or a path of keys is at a point. Values that only the config in full has are looked up there; a
    /// point may be excluded because its config is none, so that comes last.
    private func value(of key: String, _ settings: [(axis: String, value: ConfigNode)], _ node: ConfigNode) throws
        -> ConfigNode?
    {
        if let setting = settings.first(where: { $0.axis == key }) { return setting.value }
        guard let path = ConfigPath(key) else { return nil }
        if let value = node.value(at: path) { return value }
        return try Experiment(node).resolved.value(at: path)
    }
}
