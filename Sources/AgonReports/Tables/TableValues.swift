import AgonConfiguration
import AgonRuns
import AgonSweeps

/// What the runs of a table gave: enough to make the table and every verdict again without the runs.
public struct TableValues: ConfigDecodable, Sendable {
    /// The name of the file that contains them.
    public static let fileName = "values.json"

    public let table: String
    public let budget: String
    /// The digest of the table's file.
    var config: String?
    var rows: [Row]
    /// Notes that only the runs could tell.
    var notes: [String] = []
    /// What they come from: trials, machines, commits, configs.
    var origin: [String] = []
    /// The names of the figures that were drawn.
    var figures: [String] = []

    struct Row: Sendable {
        let name: String
        /// What follows from the config alone, by column.
        var costs: [String: Double] = [:]
        /// Settings, by column.
        var words: [String: String] = [:]
        /// The settings in which its completed trials differ besides the seed, whose spread is not one over seeds.
        var pooled: [String] = []
        var trials: [Trial] = []
    }

    struct Trial: Sendable {
        let id: String
        let seed: Int?
        let state: TrialStatus.State
        let reason: String?
        let steps: Int
        /// By column; only of trials that are done.
        var measured: [String: Measured]

        var isDone: Bool { state == .done }

        /// Whether it was begun, here or elsewhere, even if its folder was deleted since.
        var wasRun: Bool { state != .waiting || reason != nil }

        /// A trial without a folder: nobody has run it, or its folder was deleted.
        static func waiting(_ definition: TrialDefinition, id: String) -> Trial {
            Trial(
                id: id, seed: definition.seed, state: .waiting, reason: definition.isDeleted ? deleted : nil, steps: 0,
                measured: [:])
        }

        private static let deleted = "has no folder any more"
    }

    struct Measured: Sendable {
        let value: Double
        let identity: EvaluationIdentity?
    }

    init(table: String, budget: String, rows: [Row]) {
        self.table = table
        self.budget = budget
        self.rows = rows
    }

    // MARK: The file

    /// Reads a file.
    ///
    /// Throws `ConfigError`.
    public init(path: String) throws {
        self = try ConfigReader.decode(Self.self, from: ConfigNode.load(path: path)).value
    }

    public init(from reader: ConfigReader) throws {
        table = try reader.string("table", "The table's name.")
        budget = try reader.string("budget", "The budget that was run.")
        config = try reader.optionalString("config", "The digest of the table's file.")
        origin = try reader.strings("origin", default: [], "What the values come from.")
        notes = try reader.strings("notes", default: [], "What only the runs could tell.")
        figures = try reader.strings("figures", default: [], "The figures that were drawn.")
        let ways = try reader.node("identities", default: [], "The ways in which metrics were measured.")
        let rows = try reader.array("rows", of: FileRow.self, default: [], "The rows.")
        let identities = (ways.array ?? []).map { EvaluationIdentity(node: $0) }
        self.rows = try rows.enumerated().map { index, row in
            do {
                return try row.values(identities)
            } catch let fault as FileRow.Fault {
                throw reader.fail("rows", index: index, fault.text)
            }
        }
    }

    /// The file.
    var node: ConfigNode {
        var identities: [EvaluationIdentity] = []
        func texts(_ texts: [String]) -> ConfigNode { ConfigNode(texts.map { ConfigNode($0) }) }
        let rows = rows.map { row -> ConfigNode in
            var node: ConfigObject = ["name": ConfigNode(row.name)]
            if !row.costs.isEmpty { node["costs"] = Self.sorted(row.costs) { ConfigNode($0) } }
            if !row.words.isEmpty { node["settings"] = Self.sorted(row.words) { ConfigNode($0) } }
            if !row.pooled.isEmpty { node["pooled"] = texts(row.pooled) }
            node["trials"] = ConfigNode(
                row.trials.map { trial in
                    var node: ConfigObject = ["id": ConfigNode(trial.id)]
                    if let seed = trial.seed { node["seed"] = ConfigNode(seed) }
                    node["state"] = ConfigNode(trial.state.rawValue)
                    if let reason = trial.reason { node["reason"] = ConfigNode(reason) }
                    node["steps"] = ConfigNode(trial.steps)
                    node["values"] = Self.sorted(trial.measured) { ConfigNode($0.value) }
                    let ways = trial.measured.compactMapValues(\.identity)
                    if !ways.isEmpty {
                        node["identities"] = Self.sorted(ways) { way in
                            if !identities.contains(way) { identities.append(way) }
                            return ConfigNode(identities.firstIndex(of: way) ?? 0)
                        }
                    }
                    return ConfigNode(node)
                })
            return ConfigNode(node)
        }
        var node: ConfigObject = ["table": ConfigNode(table), "budget": ConfigNode(budget)]
        if let config { node["config"] = ConfigNode(config) }
        node["origin"] = texts(origin)
        node["notes"] = texts(notes)
        node["figures"] = texts(figures)
        node["identities"] = ConfigNode(identities.map(\.node))
        node["rows"] = ConfigNode(rows)
        return ConfigNode(node)
    }

    /// Keys in a fixed order, so that equal values give equal files.
    private static func sorted<Value>(_ values: [String: Value], _ node: (Value) -> ConfigNode) -> ConfigNode {
        var object = ConfigObject()
        for key in values.keys.sorted() { object[key] = values[key].map(node) }
        return ConfigNode(object)
    }

    /// A row as the file states it, with identities by number.
    private struct FileRow: ConfigDecodable {
        let name: String
        let costs: ConfigObject
        let words: ConfigObject
        let pooled: [String]
        let trials: [FileTrial]

        struct Fault: Error { let text: String }

        init(from reader: ConfigReader) throws {
            name = try reader.string("name", "The row's name.")
            costs = try reader.node("costs", default: [:], "Costs by column.").object ?? ConfigObject()
            words = try reader.node("settings", default: [:], "Settings by column.").object ?? ConfigObject()
            pooled = try reader.strings(
                "pooled", default: [], "The settings besides the seed in which its trials differ.")
            trials = try reader.array("trials", of: FileTrial.self, default: [], "The trials.")
        }

        func values(_ identities: [EvaluationIdentity?]) throws -> Row {
            var row = Row(name: name)
            for cost in costs.members { row.costs[cost.key] = try Self.number(cost.value, cost.key) }
            for word in words.members { row.words[word.key] = word.value.string }
            row.pooled = pooled
            row.trials = try trials.map { trial in
                var measured: [String: Measured] = [:]
                for member in trial.values.members {
                    var identity: EvaluationIdentity?
                    if let place = trial.identities[member.key] {
                        guard let index = place.integer, identities.indices.contains(index) else {
                            throw Fault(text: "trial \(trial.id): no identity has the number \(place.lineText)")
                        }
                        identity = identities[index]
                    }
                    measured[member.key] = Measured(
                        value: try Self.number(member.value, member.key), identity: identity)
                }
                return Trial(
                    id: trial.id, seed: trial.seed, state: trial.state, reason: trial.reason, steps: trial.steps,
                    measured: measured)
            }
            return row
        }

        private static func number(_ node: ConfigNode, _ key: String) throws -> Double {
            guard let number = node.number else {
                throw Fault(text: "'\(key)': expected a number, found \(node.summary)")
            }
            return number
        }
    }

    private struct FileTrial: ConfigDecodable {
        let id: String
        let seed: Int?
        let state: TrialStatus.State
        let reason: String?
        let steps: Int
        let values: ConfigObject
        let identities: ConfigObject

        init(from reader: ConfigReader) throws {
            id = try reader.string("id", "The trial's name.")
            seed = try reader.optionalInteger("seed", "The seed.")
            state = try reader.choice("state", "How it ended.")
            reason = try reader.optionalString("reason", "Why it ended in this state.")
            steps = try reader.integer("steps", in: 0..., "The steps of training.")
            values = try reader.node("values", default: [:], "Values by column.").object ?? ConfigObject()
            let ways = try reader.node("identities", default: [:], "Numbers of identities by column.")
            identities = ways.object ?? ConfigObject()
        }
    }
}
