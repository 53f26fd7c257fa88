import AgonConfiguration
import Foundation

/// What a run wrote down on its way: the numbers of metrics.jsonl by key, the time at each line, and alarms.
public struct RunHistory: Sendable {
    public struct Point: Equatable, Sendable {
        public let step: Int
        public let value: Double
    }

    /// Keys in the order in which they first come up; `step`, `seconds` and paces are not among them.
    public private(set) var names: [String] = []
    private var curves: [String: [Point]] = [:]
    /// Seconds of training at each line.
    public private(set) var seconds: [Point] = []
    public private(set) var alarms: [(step: Int, text: String)] = []

    /// Reads a file; torn or foreign lines are passed over, and a missing file holds nothing.
    public init(path: String) {
        guard let data = FileManager.default.contents(atPath: path) else { return }
        for line in data.split(separator: UInt8(ascii: "\n")) {
            guard let node = try? ConfigNode.parse(String(decoding: line, as: UTF8.self), file: path) else { continue }
            add(node)
        }
    }

    init() {}

    public subscript(name: String) -> [Point] { curves[name] ?? [] }

    /// Seconds of training up to a step; nil before the first line.
    public func seconds(at step: Int) -> Double? { seconds.last { $0.step <= step }?.value }

    mutating func add(_ line: ConfigNode) {
        guard let step = line["step"]?.integer, let object = line.object else { return }
        for member in object.members {
            switch member.key {
            case "step", "imagesPerSecond": continue
            case "seconds": if let value = member.value.number { seconds.append(Point(step: step, value: value)) }
            case "alarms":
                alarms += (member.value.array ?? []).compactMap { $0.string.map { (step, $0) } }
            default:
                guard let value = member.value.number else { continue }
                if curves[member.key] == nil { names.append(member.key) }
                curves[member.key, default: []].append(Point(step: step, value: value))
            }
        }
    }
}
