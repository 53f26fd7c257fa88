import AgonConfiguration

/// How many discriminators there are, and how the generator's losses against them are combined.
public struct Ensemble: ConfigDecodable, Sendable {
    /// The number of discriminators of each kind in the config, each with its own weights.
    public let copies: Int
    /// How the generator's losses against several discriminators are combined.
    public let combination: any DiscriminatorCombination
    /// Whether the norm of the steepest common descent direction is measured once per epoch.
    public let measuresSteepestDirection: Bool

    public init(
        copies: Int = 1, combination: any DiscriminatorCombination = SumCombination(),
        measuresSteepestDirection: Bool = false
    ) {
        precondition(copies > 0, "the number of copies must be positive, found \(copies)")
        self.copies = copies
        self.combination = combination
        self.measuresSteepestDirection = measuresSteepestDirection
    }

    public init(from reader: ConfigReader) throws {
        self.init(
            copies: try reader.integer(
                "copies", in: 1...1024, default: 1, "Discriminators of each kind, each with its own weights."),
            combination: try reader.section(
                "combination", CombinationRegistry.combinations, default: "sum",
                "How the generator's losses against several discriminators are combined."),
            measuresSteepestDirection: try reader.boolean(
                "steepestDirection", default: false,
                "Whether the norm of the steepest common descent direction is measured once per epoch."))
    }
}
