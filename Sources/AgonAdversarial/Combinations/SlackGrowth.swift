import AgonConfiguration

/// A hypervolume slack that grows while the generator does not get closer to the data: it is multiplied, up to a limit,
/// after some consecutive evaluations without a smaller distance.
///
/// One of the training loops in the code of Albuquerque et al., arXiv:1901.08680.
public struct SlackGrowth: ConfigDecodable, Hashable, Sendable {
    /// The variable that stores the slack, the smallest distance, and the number of evaluations since then.
    public static let variable = "combination.slack"

    public let factor: Double
    public let limit: Double
    /// The number of consecutive evaluations without a smaller distance after which the slack grows.
    public let patience: Int

    public init(factor: Double = 1.02, limit: Double = 2.5, patience: Int = 1) {
        self.factor = factor
        self.limit = limit
        self.patience = patience
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            factor: try reader.number("factor", in: 1.0..., default: 1.02, "The factor by which the slack grows."),
            limit: try reader.number("limit", in: 1.0001..., default: 2.5, "The largest slack."),
            patience: try reader.integer(
                "patience", in: 1..., default: 1,
                "Consecutive evaluations without a smaller Fréchet distance after which the slack grows."))
    }

    /// The variable's value before the first evaluation.
    public func initialState(slack: Double) -> [Float] { [Float(slack), .greatestFiniteMagnitude, 0] }

    /// The variable's value after an evaluation.
    public func state(_ state: [Float], afterDistance distance: Float) -> [Float] {
        if distance < state[1] { return [state[0], distance, 0] }
        let waited = state[2] + 1
        guard waited >= Float(patience) else { return [state[0], state[1], waited] }
        return [min(state[0] * Float(factor), Float(limit)), state[1], 0]
    }
}
