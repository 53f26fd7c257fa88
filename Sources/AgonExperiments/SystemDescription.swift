import AgonConfiguration

/// Which published system a config is: what the table of systems says of it (`scripts/systems-table`).
public struct SystemDescription: ConfigDecodable, Hashable, Sendable {
    public static let schemaName: String? = "System"

    /// The paper, page or program that ran it.
    public let source: String
    /// Which of its versions: as described, as run, of the paper, of the code.
    public let form: String
    /// What is known to differ from what its authors ran.
    public let differs: [String]

    public init(from reader: ConfigReader) throws {
        source = try reader.string("source", "The paper, page or program whose system this is.")
        form = try reader.string("form", "Which version of it: as described, as run, of the paper, of the code, ...")
        differs = try reader.strings(
            "differs", default: [], "What is known to differ from what its authors ran, such as the data.")
    }
}
