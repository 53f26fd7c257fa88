import AgonGraph
import AgonLayers
import AgonTensors

/// A batch of samples before a discriminator.
public struct DiscriminatorInput {
    /// Real or generated samples, `[N] + sample shape`.
    public let samples: Value
    /// What they are conditioned on.
    public let condition: Value?
    /// Names the use of the discriminator in this step: its dropout differs between calls.
    public let call: String

    public init(_ samples: Value, condition: Value? = nil, call: String) {
        self.samples = samples
        self.condition = condition
        self.call = call
    }
}

/// What a discriminator says of a batch.
public struct DiscriminatorOutput {
    /// `[N, 1]`, `[N, H, W, 1]`, or `[N, K]` where scores are categories.
    public let scores: Value
    /// Logits of classes, `[N, C]`, where there is an auxiliary classifier.
    public let classes: Value?

    init(_ output: Value, hasClasses: Bool, in graph: ComputeGraph) {
        guard hasClasses else {
            (scores, classes) = (output, nil)
            return
        }
        scores = graph.slice(output, axis: -1, start: 0, count: 1)
        classes = graph.slice(output, axis: -1, start: 1, count: output.shape[-1] - 1)
    }
}

/// What a loss wants scores to be.
public enum Target {
    /// The same for all.
    case constant(Float)
    /// One number per sample, `[N, 1]` or `[N, 1, 1, 1]`.
    case perSample(Value)
}

/// What a discriminator's loss is made from.
public struct DiscriminatorPass {
    public let setting: AdversarialSetting
    public let graph: ComputeGraph
    public let discriminator: Network
    /// What tells it from the other discriminators, such as `2` or `forward`; nil where it is the only one.
    public let label: String?
    /// The part of the batch that it judges; nil for all of it.
    var shard: Int?
    /// The real and the generated samples, which do not carry gradients to the generator.
    public let real: Value, generated: Value
    /// What both are conditioned on.
    public let condition: Value?
    public let realOutput: DiscriminatorOutput, generatedOutput: DiscriminatorOutput
    /// What real and generated samples should be scored: 1 and 0, unless tricks change the labels.
    public let realTarget: Target, generatedTarget: Target
    let notes: StepNotes

    public var realScores: Value { realOutput.scores }
    public var generatedScores: Value { generatedOutput.scores }

    /// Its scores of other samples, such as points between real and generated ones, without instance noise.
    public func scores(of samples: Value, call: String) throws -> Value {
        let seen = setting.task.view(samples, condition: condition, in: graph)
        let output = try discriminator.apply(
            seen.x, in: graph, mode: .training, call: shard.map { "\(call).\($0)" } ?? call, condition: seen.condition)
        return DiscriminatorOutput(output, hasClasses: setting.tricks.auxiliaryClassifier != nil, in: graph).scores
    }

    /// A scalar for the log; the mean over discriminators is shown.
    public func note(_ name: String, _ value: Value) { notes.add(name, value) }

    /// Uniform numbers in [0, 1), of this discriminator.
    public func uniform(_ shape: Shape, stream: String) -> Value {
        let place = [label, shard.map(String.init)].compactMap { $0 }
        return setting.uniform(shape, stream: ([stream] + place).joined(separator: "."), in: graph)
    }
}

/// Scalars of a step under construction, several of a name being averaged.
final class StepNotes {
    private var names: [String] = []
    private var values: [String: [Value]] = [:]

    func add(_ name: String, _ value: Value) {
        if values[name] == nil { names.append(name) }
        values[name, default: []].append(value)
    }

    func mean(_ name: String, in graph: ComputeGraph) -> Value { graph.mean(of: values[name] ?? []) }

    func output(to graph: ComputeGraph) {
        for name in names { graph.output(name, mean(name, in: graph)) }
    }
}
