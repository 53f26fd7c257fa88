/// The path of keys and indices from the root of a config to a value: `discriminator.layers[2].kernel`.
///
/// Keys with characters other than letters, digits, `_`, `-` and `$` are put in brackets and quotes: `names["a.b"]`.
public struct ConfigPath: Hashable, Sendable, CustomStringConvertible {
    public enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    public var steps: [Step]

    public init(_ steps: [Step] = []) { self.steps = steps }

    public static let root = ConfigPath()

    public func key(_ key: String) -> ConfigPath { ConfigPath(steps + [.key(key)]) }
    public func index(_ index: Int) -> ConfigPath { ConfigPath(steps + [.index(index)]) }
    public func appending(_ inner: ConfigPath) -> ConfigPath { ConfigPath(steps + inner.steps) }

    public var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .index(let index): text += "[\(index)]"
            case .key(let key) where !key.isEmpty && key.utf8.allSatisfy(Self.isPlain):
                text += text.isEmpty ? key : ".\(key)"
            case .key(let key): text += "[\(JSONText.quoted(shortened(key)))]"
            }
        }
        return text
    }

    /// The path written in `text`, in the form of `description`; nil if it is malformed.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let (path, end) = Self.scan(bytes), end == bytes.count else { return nil }
        self = path
    }

    /// The path at the start of `bytes` and its end: the first `=` outside quotes, or the end.
    static func scan(_ bytes: [UInt8]) -> (path: ConfigPath, end: Int)? {
        var steps: [Step] = []
        var position = 0
        while position < bytes.count, bytes[position] != UInt8(ascii: "=") {
            if bytes[position] == UInt8(ascii: "[") {
                let start = position + 1
                guard start < bytes.count else { return nil }
                if bytes[start] == UInt8(ascii: "\"") {
                    guard let (key, end) = ConfigParser.quotedString(in: bytes, at: start), end < bytes.count,
                        bytes[end] == UInt8(ascii: "]")
                    else { return nil }
                    steps.append(.key(key))
                    position = end + 1
                } else {
                    guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "]")), end > start,
                        bytes[start..<end].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                        let index = Int(String(decoding: bytes[start..<end], as: UTF8.self))
                    else { return nil }
                    steps.append(.index(index))
                    position = end + 1
                }
            } else {
                if !steps.isEmpty {
                    guard bytes[position] == UInt8(ascii: ".") else { return nil }
                    position += 1
                }
                let rest = bytes[position...]
                let end = rest.firstIndex { !isPlain($0) } ?? bytes.count
                guard end > position else { return nil }
                steps.append(.key(String(decoding: bytes[position..<end], as: UTF8.self)))
                position = end
            }
        }
        return steps.isEmpty ? nil : (ConfigPath(steps), position)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "$"):
            true
        default: byte >= 0x80
        }
    }
}

extension ConfigNode {
    /// The value at a path; a plain string counts as an object with that `type`. Nil if there is none.
    public func value(at path: ConfigPath) -> ConfigNode? {
        var node = self
        for step in path.steps {
            switch step {
            case .key("type") where node.string != nil: continue
            case .key(let key):
                guard let next = node[key] else { return nil }
                node = next
            case .index(let index):
                guard let elements = node.array, elements.indices.contains(index) else { return nil }
                node = elements[index]
            }
        }
        return node
    }
}
