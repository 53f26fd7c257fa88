import Configuration
import Foundation
import Tensors

/// The run's numbers, sample grids and settings in the form that TensorBoard reads: an event file in the run's folder,
/// `events.out.tfevents.SECONDS.agon`.
///
/// The file grows by whole records; like the metrics, it is cut at the step that a resumed run goes on from. A key such
/// as `loss.generator` becomes the tag `loss/generator`, by whose first part TensorBoard groups its charts.
public final class EventLog {
    public let path: String
    private let descriptor: Int32
    private let parameters: [(name: String, value: EventMessage.Hyperparameter)]
    private var namesMetrics: Bool

    /// Opens the run's event file, or makes one, and cuts off what came after `step`.
    ///
    /// - Parameter config: the run's config in full; its settings become hyperparameters.
    ///
    /// Throws `ExperimentsError.cannotWrite`.
    public init(folder: RunFolder, keepingThrough step: Int, config: ConfigNode) throws {
        path = Self.existing(in: folder) ?? folder.path + "/events.out.tfevents.\(Int(Self.now)).agon"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o666)
        guard descriptor >= 0 else { throw Self.failure(path) }
        parameters = Self.hyperparameters(of: config)
        let contents = FileManager.default.contents(atPath: path).map { Array($0) } ?? []
        let kept = Self.extent(of: contents, through: step)
        namesMetrics = kept.namesMetrics
        do {
            if kept.length < contents.count, ftruncate(descriptor, off_t(kept.length)) != 0 { throw Self.failure(path) }
            if kept.length == 0 { try begin(config) }
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    // MARK: Writing

    /// Appends numbers; those that are not finite are shown as such by TensorBoard.
    ///
    /// Throws `ExperimentsError.cannotWrite`; the file is then as it was before.
    public func append(step: Int, scalars: [(name: String, value: Double)]) throws {
        guard !scalars.isEmpty else { return }
        let time = Self.now
        var values: [ProtobufMessage] = []
        if !namesMetrics {
            // The dashboard shows as results what is known here: the first numbers of the run.
            let metrics = scalars.map(\.name).filter(Self.isResult).map(Self.tag)
            values.append(EventMessage.experiment(parameters, metrics: metrics, time: time))
            namesMetrics = true
        }
        values += scalars.map { EventMessage.scalar(Self.tag($0.name), $0.value) }
        try write(EventMessage.summary(step: step, time: time, values: values))
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

    /// Notes that the run has ended. A run that goes on after all takes the note back when it opens the file.
    public func end(step: Int, succeeded: Bool) throws {
        let time = Self.now
        try write(
            EventMessage.summary(step: step, time: time, values: [EventMessage.end(succeeded: succeeded, time: time)]))
    }

    private func begin(_ config: ConfigNode) throws {
        let time = Self.now
        try write(EventMessage.version(time: time))
        try write(
            EventMessage.summary(
                step: 0, time: time,
                values: [
                    EventMessage.start(parameters, group: Self.group(of: config), time: time),
                    // Four blanks make a listing of it in Markdown.
                    EventMessage.text(
                        "config",
                        config.prettyText.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")),
                ]))
    }

    private func write(_ message: ProtobufMessage) throws {
        let length = lseek(descriptor, 0, SEEK_END)
        let bytes = RecordFile.framed(message.bytes)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let error = Self.failure(path)
                ftruncate(descriptor, length)
                throw error
            }
            written += count
        }
    }

    private static func failure(_ path: String) -> ExperimentsError {
        .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }

    private static var now: Double { Date().timeIntervalSince1970 }

    // MARK: Going on

    private static func existing(in folder: RunFolder) -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasPrefix("events.out.tfevents.") && $0.hasSuffix(".agon") }.min()
            .map { folder.path + "/" + $0 }
    }

    /// The bytes of the whole records of steps up to `step`, without the note of the end, and whether the metrics'
    /// names are among them.
    static func extent(of file: [UInt8], through step: Int) -> (length: Int, namesMetrics: Bool) {
        var kept = (length: 0, namesMetrics: false)
        while let record = RecordFile.record(in: file, at: kept.length) {
            guard let fields = ProtobufField.all(in: record.data) else { break }
            var tags: [String] = []
            for field in fields {
                switch (field.number, field.value) {
                case (2, .variable(let found)): if found > UInt64(max(0, step)) { return kept }
                case (5, .bytes(let summary)): tags = self.tags(of: summary)
                default: break
                }
            }
            if tags.contains(EventMessage.endTag) { break }
            kept = (record.end, kept.namesMetrics || tags.contains(EventMessage.experimentTag))
        }
        return kept
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
        guard let dot = name.firstIndex(of: ".") else { return "pace/" + name }
        return name[..<dot] + "/" + name[name.index(after: dot)...]
    }

    /// Losses, scores and metrics but those of one of many discriminators.
    private static func isResult(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        guard parts.count > 1, let first = parts.first, let last = parts.last, Int(last) == nil else { return false }
        return ["loss", "score", "metric"].contains(first)
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
        guard var object = config.object else { return config.digest }
        for key in ["seed", "name", "description"] { object[key] = nil }
        return String(ConfigNode(object).digest.prefix(12))
    }
}
