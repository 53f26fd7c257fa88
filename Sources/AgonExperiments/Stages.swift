import AgonConfiguration

/// A change of the config during training, such as an added layer: section `stages`.
///
/// From its first step on, the values of `set` override the config and earlier stages. Weights with
/// the name and shape of an earlier one keep their values (layers with a `name` keep it at any position); all others
/// start fresh, including optimizers.
/// Karras et al., "Progressive Growing of GANs", ICLR 2018, arXiv:1710.10196, is the known example; Scuccimarra's notes
/// add one layer at a time.
public struct StageSettings: ConfigDecodable, Sendable {
    private let from: Int?
    /// Of all steps, after which the stage begins.
    private let share: Double?
    let set: ConfigNode

    public init(from reader: ConfigReader) throws {
        from = try reader.optionalInteger("from", in: 1..., "The number of steps after which the stage begins.")
        share = try reader.optionalNumber(
            "share", in: .between(0, 1), "Instead of 'from': the share of all steps after which the stage begins.")
        set = try reader.node("set", "What changes in the config: an object with the keys to replace.")
        guard !reader.isDescribing else { return }
        try reader.require((from == nil) != (share == nil), "from", "give 'from' or 'share', one of them")
        try reader.require(set.object != nil, "set", "expected an object, found \(set.summary)")
        let swap = set["tricks"]?["checkpointSwap"]
        try reader.require(
            swap == nil || swap?.isNull == true, "set",
            "older weights do not fit the networks of another stage; remove 'checkpointSwap'")
        for key in Self.fixedKeys {
            try reader.require(set[key] == nil, "set", "'\(key)' belongs to the whole run and cannot change in a stage")
        }
    }

    /// The key that states its start.
    var startKey: String { from == nil ? "share" : "from" }

    /// The number of steps after which the stage begins, in a training of `steps`.
    func start(of steps: Int) -> Int { from ?? max(1, Int((share ?? 0) * Double(steps))) }

    private static let fixedKeys = [
        "name", "description", "seed", "steps", "stages", "initialWeights", "recordedInputs", "checkpoints", "alarms",
    ]
}

/// A part of training under one config.
package struct Stage: Sendable {
    package let experiment: Experiment
    /// The steps before it, and those up to its end.
    package let start: Int
    package let end: Int
}

extension Experiment {
    /// The stage of the step after `finished` steps.
    package func stage(after finished: Int) -> Stage {
        let index = stages.lastIndex { $0.start <= finished } ?? 0
        let next = index + 1 < stages.count ? stages[index + 1].start : configuration.steps
        return Stage(
            experiment: stages.isEmpty ? self : stages[index].experiment,
            start: stages.isEmpty ? 0 : stages[index].start, end: min(next, configuration.steps))
    }

    /// The stages of the whole training; one if the config does not change.
    package var allStages: [Stage] { [stage(after: 0)] + stages(after: 0) }

    /// The experiment of the stage that wrote the checkpoint of a step.
    package func part(ofCheckpoint step: Int) -> Experiment { stage(after: max(step - 1, 0)).experiment }

    /// The stages that begin later than after `finished` steps, and before the end of the training.
    package func stages(after finished: Int) -> [Stage] {
        stages.filter { $0.start > finished && $0.start < configuration.steps }.map { stage(after: $0.start) }
    }

    /// A note on stages that begin at the end of the training or later; nil if there are none.
    package var lateStagesNote: String? {
        let late = stages.map(\.start).filter { $0 >= configuration.steps }
        guard !late.isEmpty else { return nil }
        let which =
            late.count == 1
            ? "the one that begins after step \(late[0]) is"
            : "those that begin after steps \(late.map(String.init).joined(separator: ", ")) are"
        return "stages: \(which) not trained, as the training ends after step \(configuration.steps)"
    }

    /// The config of each stage, including the first; empty if there is only one stage.
    ///
    /// Throws `ConfigError` for stages out of order, and for errors in a stage's config.
    static func stages(of configuration: ExperimentConfiguration, resolved: ConfigNode) throws
        -> [(start: Int, experiment: Experiment)]
    {
        guard !configuration.stages.isEmpty, var object = resolved.object else { return [] }
        object["stages"] = nil
        var node = ConfigNode(object)
        var stages = [(start: 0, experiment: try Experiment(node))]
        // Later stages start from the weights of the stage before.
        for key in ["initialWeights", "initialNames"] { object[key] = nil }
        node = ConfigNode(object)
        for (index, stage) in configuration.stages.enumerated() {
            let start = stage.start(of: configuration.steps)
            guard start > stages[stages.count - 1].start else {
                let place = ConfigPath.root.key("stages").index(index).key(stage.startKey)
                throw ConfigError.unfit(
                    resolved.source(at: place), place,
                    "begins after step \(start), no later than the stage before; "
                        + (stage.startKey == "share" ? "train for more steps, or move it" : "move it"))
            }
            node = stage.set.merged(over: node)
            stages.append((start, try Experiment(node)))
        }
        return stages
    }
}
