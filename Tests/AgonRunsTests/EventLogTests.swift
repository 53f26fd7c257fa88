import AgonConfiguration
import AgonTestSupport
import Foundation
import Testing

@testable import AgonRuns

/// The bytes of event files. Those of records and messages were written by TensorBoard 2.21 itself.
@Suite struct EventLogTests {
    // MARK: Bytes

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }

    @Test func recordsAreFramed() throws {
        #expect(hex(RecordFile.framed(Array("agon".utf8))) == "04000000000000004245520461676f6e2f0d950e")
        #expect(hex(RecordFile.framed([])) == "000000000000000029039807d8ea82a2")
    }

    @Test func messagesAreTensorBoards() {
        #expect(hex(EventMessage.version(time: 1.5).bytes) == "09000000000000f83f1a0d627261696e2e4576656e743a32")
        #expect(hex(EventMessage.sessionStart(step: 300, time: 1.5).bytes) == "09000000000000f83f10ac023a020801")
        let png = PNGSize(header(width: 3, height: 2, kind: 0))
        let values = [
            EventMessage.scalar("loss/generator", 0.5),
            png.map { EventMessage.image("samples", png: [1, 2, 3], size: $0) } ?? ProtobufMessage(),
        ]
        #expect(
            hex(EventMessage.summary(step: 300, time: 1.5, values: values).bytes)
                == "09000000000000f83f10ac022a2f0a150a0e6c6f73732f67656e657261746f72150000003f0a160a0773616d706c6573220b08"
                + "02100318012203010203")
        #expect(
            hex(EventMessage.text("config", "a").bytes)
                == "0a06636f6e666967420b08071204120208014201614a080a060a0474657874")
        #expect(
            hex(EventMessage.start([("a", .number(2))], group: "g", time: 1.5).bytes)
                == "0a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f4a2b0a290a0768706172616d73121e1a1c0a0e0a01"
                + "61120911000000000000004022016729000000000000f83f")
        // A text and a flag as values: {3: {1: {1: "a", 2: VALUE}}}.
        #expect(hex(EventMessage.start([("a", .text("t"))], group: "", time: 0).bytes).contains("0a080a016112031a0174"))
        #expect(hex(EventMessage.start([("a", .flag(false))], group: "", time: 0).bytes).contains("0a070a016112022000"))
        #expect(
            hex(EventMessage.end(succeeded: false, time: 1.5).bytes)
                == "0a1a5f68706172616d735f2f73657373696f6e5f656e645f696e666f4a1a0a180a0768706172616d73120d220b080211000000"
                + "000000f83f")
    }

    @Test func fieldsAreEncoded() {
        var message = ProtobufMessage()
        message.add(1, 300)
        message.add(2, -1)
        message.add(3, 1.5)
        message.add(200, "text")
        message.add(5, Float(0.5))
        // -1 takes ten bytes; the key of field 200 two.
        #expect(hex(message.bytes) == "08ac0210ffffffffffffffffff0119000000000000f83fc20c04746578742d0000003f")
    }

    private func header(width: UInt16, height: UInt16, kind: UInt8) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
            + [width, height].flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 0xFF)] } + [8, kind, 0, 0, 0]
    }

    @Test func sizesOfImagesAreRead() throws {
        let size = try #require(PNGSize(header(width: 3, height: 258, kind: 2)))
        #expect(size.width == 3 && size.height == 258 && size.channels == 3)
        #expect(PNGSize(header(width: 1, height: 1, kind: 6))?.channels == 4)
        #expect(PNGSize(header(width: 1, height: 1, kind: 5)) == nil)
        #expect(PNGSize([]) == nil)
        #expect(PNGSize(Array(header(width: 3, height: 2, kind: 2).dropFirst())) == nil)
    }

    // MARK: The files of a run

    private func line(_ step: Int) -> MetricsLine {
        var line = MetricsLine(step: step)
        line.values = [("loss.generator", 0.5)]
        line.alarms = ["x"]
        line.seconds = 3
        return line
    }

    private func values(_ steps: Int...) -> [String] {
        steps.flatMap { ["\($0) loss/generator 0.5", "\($0) throughput/seconds 3.0"] }
    }

    private func head(_ step: Int) -> [String] {
        ["\(step) start", "\(step) _hparams_/session_start_info", "\(step) config"]
    }

    @Test func eachSessionHasAFileThatVoidsLaterSteps() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        let config = try TinyExperiment.load().resolved
        let image = try folder.write("no image", to: "broken.png")
        var events = try EventLog(folder: run, after: 0, config: config)
        let first = events.path
        for step in [2, 4, 6] { try events.append(line(step)) }
        try events.append(step: 6, image: image)
        try events.append(step: 6, image: folder.path + "/missing.png")
        try events.append(step: 6, scalars: [])
        #expect(try eventLines(folder.path) == ["brain.Event:2"] + head(0) + values(2, 4, 6))
        let before = try #require(bytes(first))
        // As after a kill: the newest checkpoint is that of step 5.
        events = try EventLog(folder: run, after: 5, config: config)
        #expect(events.path > first)
        #expect(bytes(first) == before, "files are never changed")
        try events.append(line(6))
        try events.end(step: 6, succeeded: true)
        let shown = ["brain.Event:2"] + head(0) + values(2, 4) + ["brain.Event:2"] + head(6) + values(6)
        #expect(try eventLines(folder.path) == shown + ["6 _hparams_/session_end_info"])
        // With more steps it goes on.
        events = try EventLog(folder: run, after: 6, config: config)
        #expect(try eventLines(folder.path).contains("6 _hparams_/session_end_info"))
        // A run without a checkpoint starts again.
        events = try EventLog(folder: run, after: 0, config: config)
        #expect(try eventLines(folder.path).filter { $0 != "brain.Event:2" } == head(0))
        #expect(EventLog.files(in: run).count == 4 && EventLog.files(in: run).last == events.path)
    }

    @Test func tornFilesAndFilesOfOthersStay() throws {
        let folder = try TemporaryFolder()
        let run = RunFolder(path: folder.path)
        _ = try folder.write("x", to: "events.out.tfevents.2.host")
        let torn = try folder.write("torn", to: "events.out.tfevents.99999999999.agon")
        let events = try EventLog(folder: run, after: 9, config: try TinyExperiment.load().resolved)
        #expect(events.path.hasSuffix("events.out.tfevents.100000000000.agon"))
        #expect(bytes(torn)?.count == 4 && bytes(folder.path + "/events.out.tfevents.2.host") != nil)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 3, "\(names)")
    }

    @Test func settingsBecomeHyperparameters() throws {
        let parameters = EventLog.hyperparameters(of: try TinyExperiment.load("log.every=3").resolved)
        let names = parameters.map(\.name)
        for name in ["seed", "steps", "batchSize", "objective.type", "optimizer.learningRate", "dataset.name"] {
            #expect(names.contains(name), "\(name)")
        }
        #expect(!names.contains { $0.hasPrefix("generator.") || $0.hasPrefix("log.") || $0.hasPrefix("samples.") })
        guard case .number(0.01)? = parameters.first(where: { $0.name == "optimizer.learningRate" })?.value,
            case .text("selfgan")? = parameters.first(where: { $0.name == "objective.type" })?.value,
            case .flag(false)? = parameters.first(where: { $0.name == "optimizer.amsgrad" })?.value
        else { return #expect(Bool(false), "\(parameters)") }
    }

    @Test func tagsGroupByTheFirstPart() {
        #expect(EventLog.tag("loss.discriminator.3") == "loss/discriminator.3")
        #expect(EventLog.tag("metric.fid-lenet") == "metric/fid-lenet")
        #expect(EventLog.tag("imagesPerSecond") == "throughput/imagesPerSecond")
    }
}
