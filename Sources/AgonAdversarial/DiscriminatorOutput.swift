import AgonGraph
import AgonLayers
import AgonTensors

/// A batch of samples as input to a discriminator.
public struct DiscriminatorInput {
    /// Real or generated samples, `[N] + sample shape`.
    public let samples: Value
    /// The conditions of the samples.
    public let condition: Value?
    /// Names this application of the discriminator within the step: dropout differs between calls.
    public let call: String

    public init(_ samples: Value, condition: Value? = nil, call: String) {
        self.samples = samples
        self.condition = condition
        self.call = call
    }
}

/// A discriminator's output for a batch.
public struct DiscriminatorOutput {
    /// `[N, 1]`, `[N, H, W, 1]`, or `[N, K]` if scores are categories.
    public let scores: Value
    /// Class logits, `[N, C]`, if there is an auxiliary classifier.
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

/// The target value of scores in a loss.
public enum Target {
    /// The same value for all samples.
    case constant(Float)
    /// One number per sample, `[N, 1]` or `[N, 1, 1, 1]`.
    case perSample(Value)
}

/// The inputs of a discriminator's loss.
public struct DiscriminatorPass {
    public let setting: AdversarialSetting
    public let graph: ComputeGraph
    public let discriminator: Network
    /// The label of this discriminator, such as `2` or `forward`; nil if it is the only one.
    public let label: String?
    /// The part of the batch that it judges; nil for the whole batch.
    var shard: Int?
    /// Whether a lazy penalty is due.
    var isPenalized = true
    /// The real and the generated samples, which pass no gradients to the generator.
    public let real: Value, generated: Value
    /// The conditions of both.
    public let condition: Value?
    public let realOutput: DiscriminatorOutput, generatedOutput: DiscriminatorOutput
    /// The targets of the scores of real and generated samples: 1 and 0, unless tricks change the labels.
    public let realTarget: Target, generatedTarget: Target
    let notes: StepNotes

    public var realScores: Value { realOutput.scores }
    public var generatedScores: Value { generatedOutput.scores }

    /// The discriminator's scores of other samples, such as points between real and generated ones, without instance
    /// noise.
    public func scores(of samples: Value, call: String) throws -> Value {
        let seen = setting.task.view(samples, condition: condition, in: graph)
        let output = try discriminator.apply(
            seen.x, in: graph, mode: .training, call: shard.map { "\(call).\($0)" } ?? call, condition: seen.condition)
        return DiscriminatorOutput(output, hasClasses: setting.tricks.auxiliaryClassifier != nil, in: graph).scores
    }

    /// Records a scalar for the log, which shows its mean over discriminators.
    public func note(_ name: String, _ value: Value) { notes.add(name, value) }

    /// The discriminator's label and the shard, for names that are its own.
    var place: [String] { [label, shard.map(String.init)].compactMap(\.self) }

    /// Uniform numbers in [0, 1), drawn for this discriminator.
    public func uniform(_ shape: Shape, stream: String) -> Value {
        setting.uniform(shape, stream: ([stream] + place).joined(separator: "."), in: graph)
    }
}

/// The scalars of a step under construction; several values with the same name are averaged.
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
