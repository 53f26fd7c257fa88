import AgonConfiguration
import AgonTensors
import Foundation

/// The run's numbers, sample grids and settings in the form that TensorBoard reads: an event file in the run's folder,
/// `events.out.tfevents.SECONDS.agon`.
///
/// The file grows by whole records. When a run goes on from an earlier step, or with a changed config, a new file takes
/// the place of the old one: its first records state the config, then come those of the old file up to the step. So
/// there is one file that says each thing once, and a TensorBoard that is just reading meets no file that shrinks. A key
/// such as `loss.generator` becomes the tag `loss/generator`, by whose first part TensorBoard groups its charts.
public final class EventLog {
    private let file: AppendedFile

    public var path: String { file.path }

    /// Goes on with the run's event file, or makes one.
    ///
    /// - Parameters:
    ///   - step: what came after it is left out.
    ///   - config: the run's config in full; its settings become hyperparameters.
    ///
    /// Throws `RunError.cannotWrite`, `TensorsError.cannotWrite`.
    public init(folder: RunFolder, keepingThrough step: Int, config: ConfigNode) throws {
        let former = Self.files(in: folder)
        let contents = former.last.flatMap { FileManager.default.contents(atPath: $0) }.map { Array($0) } ?? []
        let head = Self.head(of: config)
        let kept = Self.extent(of: contents, through: step)
        let path: String
        if let newest = former.last, kept.upperBound == contents.count,
            Self.states(config, contents[..<kept.lowerBound])
        {
            path = newest
        } else {
            path = folder.path + "/" + Self.name(after: former.last)
            // TensorBoard must not take the unfinished file for one of events.
            let partial = folder.path + "/.events.partial"
            try AtomicFile.write(path: partial, bytes: head + contents[kept])
            guard rename(partial, path) == 0 else {
                throw RunError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
            }
        }
        for file in former where file != path { unlink(file) }
        file = try AppendedFile(path: path)
    }

    // MARK: Writing

    /// Appends numbers; those that are not finite are shown as such by TensorBoard.
    ///
    /// Throws `RunError.cannotWrite`; the file is then as it was before.
    public func append(step: Int, scalars: [(name: String, value: Double)]) throws {
        guard !scalars.isEmpty else { return }
        let values = scalars.map { EventMessage.scalar(Self.tag($0.name), $0.value) }
        try write(EventMessage.summary(step: step, time: Self.now, values: values))
    }

    /// Appends the numbers of a line of metrics.
    public func append(line: ConfigNode) throws {
        guard let step = line["step"]?.integer, let object = line.object else { return }
        let scalars = object.members.compactMap { member -> (name: String, value: Double)? in
            member.key == "step" ? nil : member.value.number.map { (member.key, $0) }
        }
        try append(step: step, scalars: scalars)
    }

    /// Appends the PNG at a path. A file that is missing or no PNG is passed over.
    public func append(step: Int, image file: String, name: String = "samples") throws {
        guard let data = FileManager.default.contents(atPath: file) else { return }
        let png = Array(data)
        guard let size = PNGSize(png) else { return }
        try write(
            EventMessage.summary(step: step, time: Self.now, values: [EventMessage.image(name, png: png, size: size)]))
    }

    /// Notes that the run has ended. A run that goes on after all leaves the note out when it opens the file.
    public func end(step: Int, succeeded: Bool) throws {
        let time = Self.now
        try write(
            EventMessage.summary(step: step, time: time, values: [EventMessage.end(succeeded: succeeded, time: time)]))
    }

    private func write(_ message: ProtobufMessage) throws { try file.append(RecordFile.framed(message.bytes)) }

    private static var now: Double { Date().timeIntervalSince1970 }

    // MARK: The first records

    /// The version of the format, and what the run is: its settings, and its config as a text.
    private static func head(of config: ConfigNode) -> [UInt8] {
        let time = now
        let values = [
            EventMessage.start(hyperparameters(of: config), group: group(of: config), time: time),
            EventMessage.text("config", listing(of: config)),
        ]
        return RecordFile.framed(EventMessage.version(time: time).bytes)
            + RecordFile.framed(EventMessage.summary(step: 0, time: time, values: values).bytes)
    }

    /// Whether first records are those of a config.
    private static func states(_ config: ConfigNode, _ head: ArraySlice<UInt8>) -> Bool {
        Data(head).range(of: Data(listing(of: config).utf8)) != nil
    }

    /// Four blanks make a listing of it in Markdown.
    private static func listing(of config: ConfigNode) -> String {
        config.prettyText.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
    }

    // MARK: Going on

    private static let prefix = "events.out.tfevents."
    private static let suffix = ".agon"

    /// The paths of event files, the newest last. More than one are there after a kill only.
    package static func files(in folder: RunFolder) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }.sorted().map { folder.path + "/" + $0 }
    }

    /// A name that sorts after that of another file, by which TensorBoard finds the newest.
    private static func name(after former: String?) -> String {
        let seconds = former.flatMap {
            Int(($0 as NSString).lastPathComponent.dropFirst(prefix.count).dropLast(suffix.count))
        }
        return "\(prefix)\(max(Int(now), (seconds ?? 0) + 1))\(suffix)"
    }

    /// The bytes of the whole records of steps up to `step`, without the first ones and without the note of the end.
    static func extent(of file: [UInt8], through step: Int) -> Range<Int> {
        var (start, end, count) = (0, 0, 0)
        while let record = RecordFile.record(in: file, at: end) {
            guard let fields = ProtobufField.all(in: record.data) else { break }
            var tags: [String] = []
            for field in fields {
                switch (field.number, field.value) {
                case (2, .variable(let found)): if found > UInt64(max(0, step)) { return start..<end }
                case (5, .bytes(let summary)): tags = self.tags(of: summary)
                default: break
                }
            }
            if tags.contains(EventMessage.endTag) { break }
            end = record.end
            count += 1
            // What `head` wrote.
            if count <= 2 { start = end }
        }
        return start..<end
    }

    private static func tags(of summary: ArraySlice<UInt8>) -> [String] {
        (ProtobufField.all(in: summary) ?? []).compactMap { field in
            guard field.number == 1, case .bytes(let value) = field.value else { return nil }
            for field in ProtobufField.all(in: value) ?? [] {
                if field.number == 1, case .bytes(let tag) = field.value { return String(decoding: tag, as: UTF8.self) }
            }
            return nil
        }
    }

    // MARK: Names

    /// `loss.discriminator.3` as `loss/discriminator.3`.
    static func tag(_ name: String) -> String {
        guard let dot = name.firstIndex(of: ".") else { return "throughput/" + name }
        return name[..<dot] + "/" + name[name.index(after: dot)...]
    }

    /// Sections that say how a run is watched, or that are too long for a column.
    private static let skipped: Set<String> = [
        "description", "generator", "discriminator", "discriminators", "alarms", "samples", "checkpoints", "log",
        "stages", "evaluate",
    ]

    /// The numbers, words and flags of a config by their paths.
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

    /// Runs that differ in their seed alone are one group, of which the dashboard shows the mean.
    private static func group(of config: ConfigNode) -> String {
        String(config.identity(of: [.result, .length, .measurement]).digest.prefix(12))
    }
}
