import AgonConfiguration
import AgonExperiments

/// A column: a quantity, and how it is shown.
struct TableColumn: ConfigDecodable, Sendable {
    /// The name by which claims, figures and published values refer to it.
    let key: String
    let title: String
    let unit: String?
    /// Nil: as many as the deviation justifies.
    let decimals: Int?
    /// Which value is best and shown bold; nil: none.
    let best: MetricGoal?
    let quantity: TableQuantity
    /// How claims compare the column's values.
    let scale: Scale

    enum Scale: String, CaseIterable, Sendable {
        /// By differences.
        case linear
        /// By ratios, as is natural for distances, times and sizes, whose spread grows with them.
        case logarithmic
    }

    init(from reader: ConfigReader) throws {
        key = try reader.string("key", "A short name, by which claims, figures and published values refer to it.")
        try reader.require(!key.isEmpty, "key", "is empty")
        title = try reader.optionalString("title", "The column's title; default: its key.") ?? key
        let unit = try reader.optionalString("unit", "The unit; default: that of the quantity.")
        decimals = try reader.optionalInteger(
            "decimals", in: 0...9, "Decimals; default: as many as the deviation justifies.")
        best = try reader.optionalChoice(
            "best", "Whether claims take the lowest or the highest value as better; the best is shown bold.")
        let scale: Scale? = try reader.optionalChoice(
            "scale",
            "How claims compare values: by differences or by ratios; default: ratios for Fréchet distances, times and "
                + "costs.")
        quantity = try TableQuantity.registry.decode(from: reader)
        if case .metric(_, _, let goal, _, _) = quantity {
            try reader.require(best == nil || best == goal, "best", "contradicts the 'goal' of the metric")
        }
        self.scale = scale ?? quantity.scale
        self.unit = unit ?? quantity.unit
    }

    init(key: String, title: String, best: MetricGoal?, quantity: TableQuantity, decimals: Int? = nil) {
        self.key = key
        self.title = title
        self.best = best
        self.quantity = quantity
        self.decimals = decimals
        unit = quantity.unit
        scale = quantity.scale
    }

    /// What is better in comparisons.
    var goal: MetricGoal { best ?? quantity.goal }

    /// Title and unit.
    var heading: String { unit.map { "\(title), \($0)" } ?? title }
}

/// What a column shows.
enum TableQuantity: Sendable {
    enum Pick: String, CaseIterable, Sendable {
        /// The value at the first and at the last step that has one.
        case first, last
        case best
        /// Over all steps that have a value.
        case mean
    }

    /// A value that follows from the config's graphs alone.
    enum Cost: String, CaseIterable, Sendable {
        /// Of a training step: parameters, statistics, optimizer state, loop state, activations and workspace.
        case memory
        case parameters, statistics, optimizerState, activations, workspace
        /// Of all networks; of one discriminator of each kind.
        case parameterCount, discriminatorParameterCount
        /// Of a forward pass of the first discriminator alone: parameters, statistics, activations and workspace.
        case discriminatorMemory
        /// Multiplications and additions of a step.
        case operations
    }

    /// A measurement of the run itself.
    enum Record: String, CaseIterable, Sendable {
        case minutes, seconds, stepsPerSecond, peakMemory, steps, alarms
    }

    case metric(String, Pick, MetricGoal, isAbsolute: Bool, identity: ConfigNode?)
    /// Minutes of training up to the best value of a metric.
    case timeToBest(String, MetricGoal, identity: ConfigNode?)
    /// Steps, or minutes of training, until a metric is as good as a value.
    case timeToReach(String, Double, MetricGoal, inSteps: Bool)
    /// The config's at this budget if one is named, else at the table's own.
    case cost(Cost, budget: String?)
    case record(Record)
    /// Another column divided by its value in one row.
    case ratio(column: String, row: String)
    /// An axis or a path of config keys, as text.
    case setting(String)

    /// Whether it follows from the config alone.
    var isCost: Bool { if case .cost = self { true } else { false } }

    static let registry: VariantRegistry<TableQuantity> = {
        let registry = VariantRegistry<TableQuantity>(schemaName: "Column", noun: "quantity")
        registry.register("metric", "A key of metrics.jsonl, or a metric of evaluations.jsonl.") { reader in
            let name = try reader.string("metric", "The key, such as metric.fid-lenet or loss.generator.")
            return .metric(
                name, try reader.choice("pick", default: .last, "Which of its values."),
                try Self.shownGoal(reader, for: name),
                isAbsolute: try reader.boolean("absolute", default: false, "Use the magnitudes of the values."),
                identity: try Self.identity(reader))
        }
        registry.register("timeToBest", "Minutes of training until the best value of a metric.") { reader in
            let name = try reader.string("metric", "The key, such as metric.fid-lenet.")
            return .timeToBest(name, try Self.goal(reader, for: name), identity: try Self.identity(reader))
        }
        registry.register("timeToReach", "Steps or minutes of training until a metric is as good as a value.") {
            reader in
            let name = try reader.string("metric", "The key, such as metric.fid-lenet.")
            return .timeToReach(
                name, try reader.number("value", "The value to reach."), try Self.goal(reader, for: name),
                inSteps: try reader.choice("unit", ["steps", "minutes"], default: "steps", "What is counted.")
                    == "steps")
        }
        registry.register("cost", "What a step takes, as planned from the config: bytes, parameters, arithmetic.") {
            reader in
            .cost(
                try reader.choice("figure", "Which figure."),
                budget: try reader.optionalChoice(
                    "budget", TableConfiguration.budgetNames,
                    "The budget of the config; default: the table's own."))
        }
        registry.register("record", "A measurement of the run: time, throughput, peak memory, alarms.") { reader in
            .record(try reader.choice("figure", "Which figure."))
        }
        registry.register("ratio", "Another column, relative to its value in one row.") { reader in
            .ratio(
                column: try reader.string("column", "The key of the other column."),
                row: try reader.string("row", "The row whose value counts as 1."))
        }
        registry.register("setting", "A setting of the config, as text.") { reader in
            .setting(try reader.string("path", "An axis, or a path of keys."))
        }
        return registry
    }()

    private static func goal(_ reader: ConfigReader, for metric: String, or other: String = "") throws -> MetricGoal {
        try reader.optionalChoice(
            "goal",
            "Whether the lowest or highest value is best; default: \(other)by the metric, the lowest for distances and "
                + "losses, the highest for scores and modes.") ?? MetricGoal.usual(for: metric)
    }

    /// Of a column that shows the metric itself, so that its 'best' is the goal if no goal is stated.
    private static func shownGoal(_ reader: ConfigReader, for metric: String) throws -> MetricGoal {
        let stated = try goal(reader, for: metric, or: "as the column's 'best', or ")
        guard !reader.isDescribing, !reader.has("goal") else { return stated }
        return try reader.optionalChoice("best", "") ?? stated
    }

    private static func identity(_ reader: ConfigReader) throws -> ConfigNode? {
        let node = try reader.optionalNode(
            "identity", "If a metric was measured in several ways: required values of the identity, by key.")
        if !reader.isDescribing, let node, node.object == nil {
            throw reader.fail("identity", "expected an object, found \(node.summary)")
        }
        return node
    }

    /// The usual scale of its values.
    var scale: TableColumn.Scale {
        switch self {
        case .metric(let name, _, _, _, _):
            EvaluationMetric.ofKey(name) == .frechet ? .logarithmic : .linear
        case .timeToBest, .timeToReach, .cost, .ratio: .logarithmic
        case .record(let figure): figure == .steps || figure == .alarms ? .linear : .logarithmic
        case .setting: .linear
        }
    }

    /// What is better in comparisons.
    var goal: MetricGoal {
        switch self {
        case .metric(_, _, let goal, _, _): goal
        case .record(.stepsPerSecond): .maximize
        default: .minimize
        }
    }

    /// The unit of its values.
    var unit: String? {
        switch self {
        case .metric, .ratio, .setting, .timeToReach(_, _, _, inSteps: true): nil
        case .timeToBest, .timeToReach: "min"
        case .cost(let figure, _):
            switch figure {
            case .parameterCount, .discriminatorParameterCount: nil
            case .operations: "GFLOP"
            default: "MB"
            }
        case .record(let figure):
            switch figure {
            case .minutes: "min"
            case .seconds: "s"
            case .stepsPerSecond: "1/s"
            case .peakMemory: "MB"
            case .steps, .alarms: nil
            }
        }
    }
}
