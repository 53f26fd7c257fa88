import AgonDatasets
import AgonRuns

/// Evaluates the generator during training.
public protocol TrainingEvaluation: AnyObject {
    /// The number of steps between evaluations. The last step is always evaluated.
    var every: Int { get }
    /// The peak memory of the process before its first evaluation, in bytes; nil until then.
    var memoryBefore: Int? { get }
    /// The data that samples are compared with.
    var dataset: any Dataset { get }
    /// Measures the values after a step.
    ///
    /// Throws the errors of reading samples and of the metrics.
    func measure(step: Int) throws -> [EvaluationValue]
}
