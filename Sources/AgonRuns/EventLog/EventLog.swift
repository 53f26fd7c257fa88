import AgonConfiguration
import AgonTensors
import Foundation

/// The run's numbers, sample grids and settings for TensorBoard: event files `events.out.tfevents.SECONDS.agon` in the
/// run's folder, one for each session of the run.
///
/// A file grows by whole records and Agon never reads it again. A resumed session records the step at which it starts,
/// and TensorBoard drops everything that earlier sessions wrote from that step on. A key such as `loss.generator`
/// becomes the tag `loss/generator`; TensorBoard groups its charts by the first part.
public final class EventLog {
    private let file: AppendedFile

    public var path: String { file.path }

    /// Starts a session's file with the format version, the session start, the run's settings as hyperparameters and
    /// its config as text.
    ///
    /// - Parameters:
    ///   - step: the number of finished steps, after which the session continues.
    ///   - config: the run's complete config.
    ///
    /// Throws `TensorsError.cannotWrite`.
    public init(folder: RunFolder, after step: Int, config: ConfigNode) throws {
        let first = step == 0 ? 0 : step + 1
        let time = Self.now
        let values = [
            EventMessage.start(Self.hyperparameters(of: config), group: Self.group(of: config), time: time),
            EventMessage.text("config", Self.listing(of: config)),
        ]
        let head = [
            EventMessage.version(time: time), EventMessage.sessionStart(step: first, time: time),
            EventMessage.summary(step: first, time: time, values: values),
        ]
        let path = folder.path + "/" + Self.name(after: Self.files(in: folder).last)
        // TensorBoard must not read incomplete first records.
        let partial = folder.path + "/.events.partial"
        try AtomicFile.write(path: partial, bytes: head.flatMap { RecordFile.framed($0.bytes) })
        guard rename(partial, path) == 0 else {
            throw TensorsError.cannotWrite(path: path, code: errno)
        }
        file = try AppendedFile(path: path)
    }

    // MARK: Writing

    /// Appends numbers; TensorBoard marks numbers that are not finite.
    ///
    /// Throws `TensorsError.cannotWrite` and leaves the file unchanged.
    public func append(step: Int, scalars: [(name: String, value: Double)]) throws {
        guard !scalars.isEmpty else { return }
        let values = scalars.map { EventMessage.scalar(Self.tag($0.name), $0.value) }
        try write(EventMessage.summary(step: step, time: Self.now, values: values))
    }

    /// Appends the numbers of a line of metrics.
    public func append(_ line: MetricsLine) throws {
        try append(step: line.step, scalars: line.numbers.map { ($0.key, $0.value) })
    }

    /// Appends the PNG at a path. A file that is missing or not a PNG is skipped.
    public func append(step: Int, image file: String, name: String = "samples") throws {
        guard let data = FileManager.default.contents(atPath: file) else { return }
        let png = Array(data)
        guard let size = PNGSize(png) else { return }
        try write(
            EventMessage.summary(step: step, time: Self.now, values: [EventMessage.image(name, png: png, size: size)]))
    }

    /// Records that the run has ended.
    public func end(step: Int, succeeded: Bool) throws {
        let time = Self.now
        try write(
            EventMessage.summary(step: step, time: time, values: [EventMessage.end(succeeded: succeeded, time: time)]))
    }

    private func write(_ message: ProtobufMessage) throws { try file.append(RecordFile.framed(message.bytes)) }

    private static var now: Double { Date().timeIntervalSince1970 }

    // MARK: Config

    /// The config as a Markdown code block, indented by four spaces.
    private static func listing(of config: ConfigNode) -> String {
        config.prettyText.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
    }

    // MARK: Files

    private static let prefix = "events.out.tfevents."
    private static let suffix = ".agon"

    /// The paths of event files, the newest last.
    package static func files(in folder: RunFolder) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }.sorted().map { folder.path + "/" + $0 }
    }

    /// A name that sorts after that of the previous file: TensorBoard reads files in the order of their names.
    private static func name(after former: String?) -> String {
        let seconds = former.flatMap {
            Int(($0 as NSString).lastPathComponent.dropFirst(prefix.count).dropLast(suffix.count))
        }
        return "\(prefix)\(max(Int(now), (seconds ?? 0) + 1))\(suffix)"
    }

    // MARK: Names

    /// `loss.discriminator.3` as `loss/discriminator.3`.
    static func tag(_ name: String) -> String {
        guard let dot = name.firstIndex(of: ".") else { return "throughput/" + name }
        return name[..<dot] + "/" + name[name.index(after: dot)...]
    }

    /// Sections that only control monitoring and output, or are too long for a column.
    private static let skipped: Set<String> = [
        "description", "generator", "discriminator", "discriminators", "alarms", "samples", "checkpoints", "log",
        "stages", "evaluate",
    ]

    /// The numbers, strings and booleans of a config by their paths.
    static func hyperparameters(of config: ConfigNode) -> [(name: String, value: EventMessage.Hyperparameter)] {
        var found: [(name: String, value: EventMessage.Hyperparameter)] = []
        func walk(_ node: ConfigNode, _ path: ConfigPath) {
            switch node.content {
            case .object(let object):
                for member in object.members where !(path.steps.isEmpty && skipped.contains(member.key)) {
                    walk(member.value, path.key(member.key))
                }
            case .array(let elements):
                found.append((path.description, .text(elements.map(\.lineText).joined(separator: ", "))))
            case .string(let text): found.append((path.description, .text(text)))
            case .boolean(let flag): found.append((path.description, .flag(flag)))
            case .number: if let number = node.number { found.append((path.description, .number(number))) }
            case .null: break
            }
        }
        walk(config, .root)
        return found
    }

    /// Runs that differ only in their seed form a group; the dashboard shows the mean of a group.
    private static func group(of config: ConfigNode) -> String {
        String(config.identity(of: [.result, .length, .measurement]).digest.prefix(12))
    }
}
