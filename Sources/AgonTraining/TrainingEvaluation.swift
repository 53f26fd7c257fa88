import AgonDatasets
import AgonRuns

/// What measures the generator in the course of a training.
public protocol TrainingEvaluation: AnyObject {
    /// Steps from one evaluation to the next; the last step has one too.
    var every: Int { get }
    /// The most memory that the process had before its first evaluation, in bytes; nil until then.
    var memoryBefore: Int? { get }
    /// The data that samples are compared with.
    var dataset: any Dataset { get }
    /// The values after a step.
    ///
    /// Throws what reading samples and the metrics throw.
    func measure(step: Int) throws -> [EvaluationValue]
}
