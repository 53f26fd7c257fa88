import AgonConfiguration

/// A hypervolume's slack that grows while the generator comes no nearer to the data: after some evaluations in a row
/// without a shorter distance it is multiplied, up to a limit.
///
/// One of the training loops in the code of Albuquerque et al., arXiv:1901.08680.
public struct SlackGrowth: ConfigDecodable, Hashable, Sendable {
    /// The variable that keeps the slack, the shortest distance and the evaluations since.
    public static let variable = "combination.slack"

    public let factor: Double
    public let limit: Double
    /// Evaluations in a row without a shorter distance after which the slack grows.
    public let patience: Int

    public init(factor: Double = 1.02, limit: Double = 2.5, patience: Int = 1) {
        self.factor = factor
        self.limit = limit
        self.patience = patience
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            factor: try reader.number("factor", in: 1.0..., default: 1.02, "What the slack is multiplied by."),
            limit: try reader.number("limit", in: 1.0001..., default: 2.5, "The largest slack."),
            patience: try reader.integer(
                "patience", in: 1..., default: 1,
                "Evaluations in a row without a shorter Fréchet distance after which it grows."))
    }

    /// Of the variable, before the first evaluation.
    public func initialState(slack: Double) -> [Float] { [Float(slack), .greatestFiniteMagnitude, 0] }

    /// The variable after an evaluation.
    public func state(_ state: [Float], afterDistance distance: Float) -> [Float] {
        if distance < state[1] { return [state[0], distance, 0] }
        let waited = state[2] + 1
        guard waited >= Float(patience) else { return [state[0], state[1], waited] }
        return [min(state[0] * Float(factor), Float(limit)), state[1], 0]
    }
}
