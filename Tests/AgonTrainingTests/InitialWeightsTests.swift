import AgonGraph
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonTraining

/// First weights from files that other programs wrote.
@Suite struct InitialWeightsTests {
    private let folder: TemporaryFolder
    private let variables: [Variable]

    init() throws {
        folder = try TemporaryFolder()
        variables = ["generator.0.weight", "discriminator.0.bias"].map {
            Variable(name: $0, shape: [2], role: .parameter)
        }
    }

    private func file(_ names: [String], _ path: String = "weights.safetensors") throws -> String {
        let path = folder.path + "/" + path
        try SafetensorsFile.write(
            path: path,
            names.enumerated().map { index, name in
                SafetensorsFile.Content(name: name, shape: [2], values: .float32([Float(index), Float(index) + 0.5]))
            })
        return path
    }

    private func load(_ path: String, _ renames: String...) throws {
        try InitialWeights.load(path, into: variables, renaming: renames.map { try #require(NamePrefix($0)) })
    }

    @Test func prefixesAreReplaced() throws {
        let path = try file(["module.netG.0.weight", "module.netD.0.bias", "module.other"])
        try load(path, "module.netG.=generator.", "module.netD.=discriminator.")
        #expect(variables.map(\.values) == [[0, 0.5], [1, 1.5]])
        let plain = try file(["module.discriminator.0.bias", "module.generator.0.weight"])
        try load(plain, "module.=")
        #expect(variables.map(\.values) == [[1, 1.5], [0, 0.5]])
    }

    @Test func aTextWithoutAnEqualsSignIsNone() throws {
        for wrong in ["", "=", "old"] { #expect(NamePrefix(wrong) == nil) }
        #expect(NamePrefix("a=b=c")?.own == "b=c")
        let all = try #require(NamePrefix("=generator."))
        #expect(NamePrefix.renamed("0.weight", by: [all]) == "generator.0.weight")
    }

    @Test func theFilesOwnNamesAreShownWhenNoneFits() throws {
        let path = try file(["netG.b", "netG.a"])
        #expect(
            message { try load(path) }
                == "\(path): not usable weights for these networks: "
                + "no array has the name of a weight of the networks, such as 'generator.0.weight'; arrays: "
                + "netG.a, netG.b. --rename OLD=NEW replaces a prefix of the names")
        let one = try file(["generator.0.weight", "discriminator.0.bia"])
        #expect(
            message { try load(one) }
                == "\(one): not usable weights for these networks: no array is called 'discriminator.0.bias'; "
                + "the nearest is 'discriminator.0.bia'"
        )
    }

    @Test func twoArraysOfOneNameAreRefused() throws {
        let path = try file(["a.0.weight", "b.0.weight"])
        #expect(
            message { try load(path, "a.=generator.", "b.=generator.") }
                == "\(path): not usable weights for these networks: 'a.0.weight' and 'b.0.weight' both become "
                + "'generator.0.weight' by initialNames (--rename)"
        )
    }

    @Test(arguments: [
        ([0x50, 0x4b, 3, 4, 0, 0, 8, 8, 0], "a zip file written by torch.save"),
        ([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9], "a pickle written by torch.save before PyTorch 1.6"),
    ]) func filesOfPyTorchAreExplained(bytes: [UInt8], form: String) throws {
        let path = folder.path + "/my net.pt"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        // The script's path depends on the working folder.
        let text = message { try load(path) }
        #expect(
            text.hasPrefix(
                "\(path): not usable weights for these networks: it is \(form); reading it can execute code. "
                    + "Convert it with PyTorch: python3 "), "\(text)")
        #expect(
            text.hasSuffix("scripts/convert-weights '\(path)' '\(folder.path)/my net.safetensors'"), "\(text)")
    }

    @Test(arguments: [(Float.nan, "NaN"), (.infinity, "infinity"), (-.infinity, "infinity")])
    func valuesThatAreNotFiniteAreRefused(value: Float, name: String) throws {
        let path = folder.path + "/weights.safetensors"
        try SafetensorsFile.write(
            path: path,
            [
                .init(name: "generator.0.weight", shape: [2], values: .float32([1, 2])),
                .init(name: "discriminator.0.bias", shape: [2], values: .float32([1, value])),
            ])
        #expect(
            message { try load(path) }
                == "\(path): not usable weights for these networks: tensor 'discriminator.0.bias' holds \(name)")
    }

    @Test func integersAreNoWeights() throws {
        let path = folder.path + "/weights.safetensors"
        let counter = SafetensorsFile.Content(name: "generator.1.num_batches_tracked", shape: [], values: .int64([3]))
        let bias = SafetensorsFile.Content(name: "discriminator.0.bias", shape: [2], values: .float32([1, 2]))
        func weight(_ values: SafetensorsFile.Content.Values) -> SafetensorsFile.Content {
            SafetensorsFile.Content(name: "generator.0.weight", shape: [2], values: values)
        }
        for (values, type) in [(SafetensorsFile.Content.Values.int64([1, 2]), "I64"), (.uint8([0, 1]), "U8")] {
            try SafetensorsFile.write(path: path, [weight(values), counter, bias])
            #expect(
                message { try load(path) }
                    == "\(path): tensor 'generator.0.weight' is \(type), expected F32, F16, BF16 or F64")
        }
        try SafetensorsFile.write(path: path, [weight(.float32([1, 2])), counter, bias])
        #expect(try InitialWeights.load(path, into: variables) == [])
    }

    @Test func arraysOfNoNetworkAreNamed() throws {
        let path = try file(["generator.0.weight", "discriminator.0.bias", "encoder.b", "encoder.a"])
        let others = try InitialWeights.load(path, into: variables)
        #expect(
            InitialWeights.note(onOthers: others, in: path)
                == "\(path): ignored arrays that belong to no network: encoder.a, encoder.b")
        #expect(InitialWeights.note(onOthers: [], in: path) == nil)
    }

    /// As of `torch.nn.utils.parametrizations`.
    @Test func namesOfParametrizationsAreThoseOfTheirPredecessors() {
        let names = ["original", "0._u", "original0", "original1", "0._v"].map { "a.0.parametrizations.weight." + $0 }
        #expect(
            names.map(InitialWeights.plainName)
                == ["a.0.weight_orig", "a.0.weight_u", "a.0.weight_g", "a.0.weight_v", names[4]])
        #expect(InitialWeights.plainName("a.0.weight") == "a.0.weight")
    }

    @Test func aNetworkThatAFileDoesNotHoldKeepsItsOwnWeights() throws {
        let tiny = try TinyExperiment.load("steps=1")
        let run = folder.path + "/run"
        _ = try TrainingRun.run(tiny, options: TinyExperiment.options(run))
        let whole = try SafetensorsFile(path: run + "/checkpoints/step-0000001.safetensors")
        let path = folder.path + "/generator.safetensors"
        let names = whole.entries.map(\.name).filter { $0.hasPrefix("generator.") && !$0.contains("optimizer") }
        try SafetensorsFile.write(
            path: path, names.map { SafetensorsFile.Content(name: $0, tensor: try whole.tensor($0)) }, metadata: [:])
        var notes: [String] = []
        _ = try TrainingRun.run(
            TinyExperiment.load("steps=1", "initialWeights=\(path)"),
            options: TinyExperiment.options(folder.path + "/second")
        ) { event in
            if case .note(let note) = event { notes.append(note) }
        }
        #expect(
            notes.contains("\(path): has no weights of discriminator, which keeps its own initial weights"), "\(notes)")
        // Arrays of its shapes under another name may be its own.
        let misnamed = folder.path + "/misnamed.safetensors"
        let contents = try whole.entries.map(\.name).filter { !$0.contains("optimizer") }.map { name in
            SafetensorsFile.Content(
                name: name.replacing("discriminator.", with: "netD."), tensor: try whole.tensor(name))
        }
        try SafetensorsFile.write(path: misnamed, contents, metadata: [:])
        notes = []
        _ = try TrainingRun.run(
            TinyExperiment.load("steps=1", "initialWeights=\(misnamed)"),
            options: TinyExperiment.options(folder.path + "/third")
        ) { event in
            if case .note(let note) = event { notes.append(note) }
        }
        #expect(
            notes.contains(
                "\(misnamed): 'netD.0.weight' and other arrays have the shapes of discriminator, which takes them by "
                    + "--rename netD.=discriminator."), "\(notes)")
    }

    @Test func aPrefixThatNoNameHasIsRefused() throws {
        let path = try file(["generator.0.weight", "discriminator.0.bias"])
        #expect(
            message { try load(path, "module.=") }
                == "\(path): not usable weights for these networks: no array's name begins with 'module.', so "
                + "'module.=' of initialNames (--rename) has no effect; arrays: discriminator.0.bias, generator.0.weight"
        )
    }
}
