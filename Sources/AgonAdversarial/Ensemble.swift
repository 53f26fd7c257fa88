import AgonConfiguration

/// How many discriminators there are, and how the generator answers them.
public struct Ensemble: ConfigDecodable, Sendable {
    /// Discriminators of each kind that the config describes, each with weights of its own.
    public let copies: Int
    /// What the generator makes of its losses against several discriminators.
    public let combination: any DiscriminatorCombination
    /// Whether the norm of the steepest common direction of descent is measured once an epoch.
    public let measuresSteepestDirection: Bool

    public init(
        copies: Int = 1, combination: any DiscriminatorCombination = SumCombination(),
        measuresSteepestDirection: Bool = false
    ) {
        precondition(copies > 0, "\(copies) copies")
        self.copies = copies
        self.combination = combination
        self.measuresSteepestDirection = measuresSteepestDirection
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            copies: try reader.integer(
                "copies", in: 1...1024, default: 1, "Discriminators of each kind, with weights of their own."),
            combination: try reader.section(
                "combination", CombinationRegistry.combinations, default: "sum",
                "What the generator makes of its losses against several discriminators."),
            measuresSteepestDirection: try reader.boolean(
                "steepestDirection", default: false,
                "Whether the norm of the steepest common direction of descent is measured once an epoch."))
    }
}
