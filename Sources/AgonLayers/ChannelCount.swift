import AgonConfiguration

/// A number of channels in a config: a fixed number, or the number of channels of the dataset's images.
public enum ChannelCount: Hashable, Sendable, ExpressibleByIntegerLiteral {
    case fixed(Int)
    /// 1 for greyscale images, 3 for colour.
    case data

    public init(integerLiteral value: Int) { self = .fixed(value) }

    /// The word for ``data`` in configs.
    static let word = "data"

    static func read(from reader: ConfigReader) throws -> ChannelCount {
        let value = try reader.integersOrWord(
            "channels", counts: [], in: 1...65536, words: [word],
            "Number of output channels, or \"data\" for the channels of the dataset's images.")
        switch value {
        case .integers(let counts): return .fixed(counts[0])
        case .word: return .data
        }
    }

    /// Whether a network's section takes a number of channels from the data.
    public static func followsData(_ network: ConfigNode) -> Bool {
        switch network.content {
        case .object(let object):
            object.members.contains { $0.key == "channels" && $0.value.string == word || followsData($0.value) }
        case .array(let elements): elements.contains(where: followsData)
        default: false
        }
    }
}
