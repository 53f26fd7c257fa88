import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonLayers
import AgonTensors
import AgonTestSupport
import AgonTraining
import Foundation
import Testing

@testable import AgonExport
@testable import AgonScoring

/// What is written, operation by operation; `scripts/check-onnx` runs models in onnxruntime and compares their outputs.
@Suite struct ModelExportTests {
    private func model(_ path: String) throws -> Onnx_ModelProto {
        try Onnx_ModelProto(serializedBytes: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    }

    /// Inputs, outputs and constants of nodes fit together, and nodes stand in order.
    private func expectSound(_ graph: Onnx_GraphProto) {
        var known = Set(graph.input.map(\.name) + graph.initializer.map(\.name) + [""])
        for node in graph.node {
            #expect(node.input.allSatisfy(known.contains), "\(node.opType) \(node.name)")
            for output in node.output { #expect(known.insert(output).inserted, "\(output) twice") }
        }
        #expect(graph.output.allSatisfy { known.contains($0.name) })
        for tensor in graph.initializer {
            let size = tensor.dataType == 1 ? 4 : 8
            #expect(tensor.rawData.count == size * Int(tensor.dims.reduce(1, *)), "\(tensor.name)")
        }
    }

    private func extents(_ value: Onnx_ValueInfoProto) -> [String] {
        value.type.tensorType.shape.dim.map { $0.dimParam.isEmpty ? "\($0.dimValue)" : $0.dimParam }
    }

    @Test func aGeneratorIsWritten() throws {
        let digits = try TinyDigits()
        let run = digits.folder.path + "/run"
        let options = digits.options(run)
        let layers = #"""
            generator={"layers": [{"type": "linear", "features": 72, "norm": "spectral"}, "relu",
              {"type": "reshape", "shape": [3, 3, 8]}, "batchNorm", "upsample",
              {"type": "conv", "channels": 4, "kernel": 3, "padding": 1}, "leakyReLU",
              {"type": "convTranspose", "channels": "data", "kernel": 4, "stride": 2, "padding": 1}, "tanh"]}
            """#
        _ = try TrainingRun.run(
            digits.load([layers, #"tricks={"averaging": {"decay": 0.5}}"#]), options: options,
            classifiers: digits.classifiers)
        let path = digits.folder.path + "/g.onnx"
        let outcome = try ModelExport.writeGenerator(run: run, to: path, threads: 1)
        #expect(outcome.step == 12)
        let written = try model(path)
        #expect(written.producerName == "Agon" && written.opsetImport.map(\.version) == [13])
        #expect(written.metadataProps.contains { $0.key == "agon.weights" && $0.value == "average" })
        expectSound(written.graph)
        #expect(written.graph.input.map(\.name) == ["latent"] && extents(written.graph.input[0]) == ["batch", "4"])
        #expect(written.graph.output.map(\.name) == ["images"])
        #expect(extents(written.graph.output[0]) == ["batch", "1", "12", "12"])
        let operations = written.graph.node.map(\.opType)
        // Upsampling is folded into its convolution; norms of weights and of batches are constants by now.
        #expect(operations.filter { $0 == "ConvTranspose" }.count == 2 && operations.contains("MatMul"))
        #expect(!operations.contains("ReduceSum") && !operations.contains("Sqrt"))
        // The batch is free: no constant shape holds the number of samples that the graph was built for.
        let shapes = written.graph.initializer.filter { $0.dataType == 7 }
        #expect(!shapes.isEmpty)
        for shape in shapes {
            let first = shape.rawData.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
            #expect(first != Int64(OnnxTranslation.batch))
        }
        let raw = digits.folder.path + "/raw.onnx"
        _ = try ModelExport.writeGenerator(run: run, weights: .raw, to: raw, threads: 1)
        #expect(try model(raw).graph.initializer != written.graph.initializer)
    }

    /// Attention multiplies two matrices of each sample, of which there may be any number.
    @Test func attentionByClassIsWritten() throws {
        let digits = try TinyDigits()
        let run = digits.folder.path + "/run"
        let settings = [
            #"task={"type": "generation", "labels": 10}"#,
            #"""
            generator.layers=[{"type": "linear", "features": 288}, {"type": "reshape", "shape": [6, 6, 8]},
              "conditionalBatchNorm", {"type": "selfAttention", "norm": "spectral"},
              {"type": "residual", "shortcut": ["upsample"],
               "layers": ["relu", "upsample", {"type": "conv", "channels": 8, "kernel": 3, "padding": 1}]},
              {"type": "conv", "channels": "data", "kernel": 3, "padding": 1}, "tanh"]
            """#,
            #"discriminator.layers=["flatten", {"type": "projection"}]"#,
        ]
        _ = try TrainingRun.run(digits.load(settings), options: digits.options(run), classifiers: digits.classifiers)
        let path = digits.folder.path + "/g.onnx"
        _ = try ModelExport.writeGenerator(run: run, to: path, threads: 1)
        let graph = try model(path).graph
        expectSound(graph)
        #expect(graph.input.map(\.name) == ["latent", "condition"] && extents(graph.input[1]) == ["batch", "10"])
        #expect(extents(graph.output[0]) == ["batch", "1", "12", "12"])
        // Products of two values that depend on the inputs.
        let constants = Set(graph.initializer.map(\.name))
        #expect(graph.node.filter { $0.opType == "MatMul" && constants.isDisjoint(with: $0.input) }.count == 2)
        // The batch is free: it is in no shape, and convolutions have no group for each sample.
        let groups = graph.node.flatMap(\.attribute).filter { $0.name == "group" }
        #expect(!groups.isEmpty && groups.allSatisfy { $0.i == 1 })
        for shape in graph.initializer where shape.dataType == 7 {
            let extents = shape.rawData.withUnsafeBytes { bytes in
                (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) }
            }
            #expect(extents.allSatisfy { $0 <= 0 || $0 % Int64(OnnxTranslation.batch) != 0 }, "\(extents)")
        }
    }

    @Test func aClassifierIsWritten() throws {
        let digits = try TinyDigits()
        let path = digits.folder.path + "/c.onnx"
        let outcome = try ModelExport.writeClassifier(
            "blocks", catalogue: digits.classifiers, searchPath: digits.searchPath, to: path, threads: 1)
        #expect(outcome.step == nil)
        let graph = try model(path).graph
        expectSound(graph)
        #expect(extents(graph.input[0]) == ["batch", "1", "12", "12"])
        #expect(graph.output.map(\.name) == ["logits"] && extents(graph.output[0]) == ["batch", "10"])
    }

    @Test func randomNumbersCannotBeExported() throws {
        let digits = try TinyDigits()
        let run = digits.folder.path + "/run"
        let layers = #"""
            generator={"layers": [{"type": "dropout", "rate": 0.5, "atEvaluation": true},
              {"type": "linear", "features": 144}, {"type": "reshape", "shape": [12, 12, 1]}]}
            """#
        _ = try TrainingRun.run(digits.load([layers]), options: digits.options(run), classifiers: digits.classifiers)
        #expect(
            message { _ = try ModelExport.writeGenerator(run: run, to: digits.folder.path + "/g.onnx", threads: 1) }
                .contains("draws random numbers, so that outputs differ from run to run"))
    }

    /// Counts of pixels differ at the border, so that they are divided by an image, which must not be one per sample.
    @Test func constantsLeaveTheBatchFree() throws {
        let digits = try TinyDigits()
        let run = digits.folder.path + "/run"
        let layers = #"""
            generator={"layers": [{"type": "linear", "features": 144}, {"type": "reshape", "shape": [12, 12, 1]},
              {"type": "averagePool", "kernel": [3, 2], "stride": 1, "padding": [1, 0, 1, 1], "countPadding": false}]}
            """#
        _ = try TrainingRun.run(digits.load([layers]), options: digits.options(run), classifiers: digits.classifiers)
        let path = digits.folder.path + "/g.onnx"
        _ = try ModelExport.writeGenerator(run: run, to: path, threads: 1)
        let graph = try model(path).graph
        expectSound(graph)
        #expect(graph.node.contains { $0.opType == "Div" || $0.opType == "Mul" })
        for tensor in graph.initializer where tensor.dataType == 1 && tensor.dims.count == 4 {
            #expect(tensor.dims[0] % Int64(OnnxTranslation.batch) != 0, "\(tensor.dims)")
        }
    }

    @Test func layersThatMixSamplesCannotBeExported() throws {
        let digits = try TinyDigits()
        let run = digits.folder.path + "/run"
        let layers = #"""
            generator={"layers": [{"type": "linear", "features": 16},
              {"type": "minibatchDiscrimination", "features": 4, "kernelSize": 3},
              {"type": "linear", "features": 144}, {"type": "reshape", "shape": [12, 12, 1]}]}
            """#
        _ = try TrainingRun.run(digits.load([layers]), options: digits.options(run), classifiers: digits.classifiers)
        #expect(
            message { _ = try ModelExport.writeGenerator(run: run, to: digits.folder.path + "/g.onnx", threads: 1) }
                .contains("it mixes the samples of a batch"))
    }

    @Test func otherEndingsAreRefused() {
        #expect(throws: ExportError.wrongEnding(path: "g.pb")) {
            try ModelExport.writeGenerator(run: "none", to: "g.pb", threads: 1)
        }
    }
}
