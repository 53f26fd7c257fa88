import AgonTensors
import AgonTestSupport
import AgonVerification
import Foundation
import Testing

@Suite struct VerificationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func recordedCasesPass() throws {
        let verdicts = try Verification.run(folder: projectFolder + "/Tests/Fixtures/golden", threads: 2)
        #expect(verdicts.count == 81)
        for verdict in verdicts { #expect(verdict.isPassed, "\(verdict)") }
    }

    @Test func aMissingFolderIsNamed() {
        #expect(
            message { _ = try Verification.run(folder: folder.path + "/none", threads: 1) }
                == "\(folder.path)/none: cannot read this folder: No such file or directory")
    }

    /// Other ranks, attributes and magnitudes, recorded likewise.
    @Test func recordedCasesOfOtherFormsPass() throws {
        let verdicts = try Verification.run(folder: projectFolder + "/Tests/Fixtures/golden-forms", threads: 2)
        #expect(verdicts.count == 19)
        for verdict in verdicts { #expect(verdict.isPassed, "\(verdict)") }
    }

    /// Empty tensors, shapes that do not fit, numbers that are not finite, sizes without a place in memory.
    @Test func malformedCasesFailAlone() throws {
        let verdicts = try Verification.run(folder: projectFolder + "/Tests/Fixtures/golden-malformed", threads: 1)
        #expect(verdicts.count == 28)
        for verdict in verdicts { #expect(!verdict.isPassed, "\(verdict)") }
    }

    private func write(_ metadata: String, _ tensors: [String: [Float]], name: String = "case") throws {
        let contents = tensors.map {
            SafetensorsFile.Content(name: $0.key, tensor: Tensor(shape: [1, $0.value.count], values: $0.value))
        }
        try SafetensorsFile.write(
            path: "\(folder.path)/\(name).safetensors", contents, metadata: metadata.isEmpty ? [:] : ["case": metadata])
    }

    private func verdict() throws -> String { "\(try Verification.run(folder: folder.path, threads: 1)[0])" }

    private static let relu = #"{"kind": "operation", "op": "relu", "attributes": {}}"#

    @Test func aWrongValueFails() throws {
        let tensors: [String: [Float]] = [
            "input": [-1, 2], "output": [0, 2], "grad.output": [1, 1], "grad.input": [0, 1],
        ]
        try write(Self.relu, tensors)
        #expect(try verdict().hasPrefix("passed  case  0.0e+00 ("))
        try write(Self.relu, tensors.merging(["output": [0, 2.001]]) { $1 })
        #expect(try verdict() == "FAILED  case  5.0e-04 (output), more than 1.0e-04")
        try write(Self.relu, tensors.merging(["grad.input": [0, .nan]]) { $1 })
        #expect(try verdict() == "FAILED  case  inf (grad.input), more than 1.0e-04")
    }

    @Test(arguments: [
        (#"{"kind": "operation", "op": "rely"}"#, "unknown operation 'rely'; known: avg_pool2d, batch_norm,"),
        (#"{"kind": "operatio", "op": "relu"}"#, "unknown kind 'operatio'; known: gradient_penalty, loss,"),
        (
            #"{"kind": "operation", "op": "relu", "attributes": {"inplace": true}}"#,
            "metadata 'case':1: attributes.inplace: unknown key."
        ),
        (
            #"{"kind": "operation", "op": "leaky_relu", "attributes": {"slope": 1}}"#,
            "metadata 'case':1: attributes.slope: unknown key."
        ),
        (#"{"kind": "loss", "op": "hinge"}"#, "unknown loss 'hinge'; known: bce-discriminator,"),
        (#"{"kind": "operation"}"#, "metadata 'case' needs the strings 'kind' and 'op'"),
        ("", "the file has no metadata 'case'"),
        ("{", "metadata 'case':1:2: unexpected end of text;"),
    ])
    func whatIsNotUnderstoodFails(metadata: String, problem: String) throws {
        try write(metadata, ["input": [-1, 2], "output": [0, 2]])
        let found = try verdict()
        #expect(found.hasPrefix("FAILED  case  \(problem)"), "\(found)")
    }

    @Test func tensorsWithoutMeaningFail() throws {
        try write(Self.relu, ["input": [-1, 2], "output": [0, 2], "weight": [1, 1]])
        #expect(try verdict() == "FAILED  case  tensor 'weight' has no meaning in this case")
        try write(Self.relu, ["input": [-1, 2]])
        #expect(try verdict().hasPrefix("FAILED  case  "))
    }

    @Test func unreadableFilesFailAndOthersAreStillChecked() throws {
        try write(Self.relu, ["input": [-1, 2], "output": [0, 2]], name: "b")
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.path + "/a.safetensors"))
        let verdicts = try Verification.run(folder: folder.path, threads: 1)
        #expect(verdicts.map(\.isPassed) == [false, true])
        #expect(verdicts[0].problem?.contains("not a valid safetensors file") == true)
    }

    @Test func aFolderWithoutCasesIsAnError() {
        #expect(
            message { _ = try Verification.run(folder: folder.path) }
                == "\(folder.path): contains no recorded cases (GROUP/NAME.safetensors)")
        #expect(message { _ = try Verification.run(folder: folder.path + "/no") }.contains("cannot read this folder"))
    }
}
