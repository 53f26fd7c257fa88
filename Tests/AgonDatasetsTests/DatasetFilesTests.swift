import AgonConfiguration
import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

/// Datasets under the names, in the folders and in the archives that they come with.
@Suite struct DatasetFilesTests {
    private let folder: TemporaryFolder
    private static let files = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ]

    init() throws {
        folder = try TemporaryFolder()
        let sum = String(repeating: "0", count: 64)
        let recorded = Self.files.map { #"{"name": "\#($0).gz", "packing": "gzip", "size": 99, "sha256": "\#(sum)"}"# }
        try folder.write(
            """
            {"name": "cloth-mnist", "title": "T", "homepage": "h", "licence": "l", "citation": "c", "classes": ["a", "b"],
             "forms": [{"format": "idx", "train": {"images": ["\(Self.files[0])"], "labels": "\(Self.files[1])"},
                        "test": {"images": ["\(Self.files[2])"], "labels": "\(Self.files[3])"},
                        "files": [\(recorded.joined(separator: ", "))], "sources": []}]}
            """, to: "manifests/cloth-mnist.json")
        try folder.write(
            """
            {"name": "cifar10", "title": "T", "homepage": "h", "licence": "l", "citation": "c", "classes": ["a", "b"],
             "forms": [{"format": "cifar10", "train": {"images": ["cifar-10-batches-bin/data_batch_1.bin"]},
                        "files": [{"name": "c.tar.gz", "packing": "archive", "size": 9, "sha256": "\(sum)"}],
                        "sources": []}]}
            """, to: "manifests/cifar10.json")
    }

    private func open(_ name: String, data: String? = nil, path: String? = nil, _ more: String = "") throws
        -> any Dataset
    {
        let roots = [data.map { DataSearchPath.Root(path: folder.path + "/" + $0, standing: .given) }].compactMap { $0 }
        let searchPath = DataSearchPath(
            roots: roots, manifestFolders: [folder.path + "/manifests"], fetchFolder: folder.path,
            cacheFolder: folder.path + "/cache")
        let place = path.map { #", "path": "\#(folder.path)/\#($0)""# } ?? ""
        let text = #"{"name": "\#(name)"\#(place)\#(more)}"#
        return try ConfigReader.decode(DatasetConfiguration.self, from: ConfigNode.parse(text, file: "test.json")).value
            .open(searchPath: searchPath)
    }

    private func contents(_ file: String) -> [UInt8] {
        file.contains("images") ? idx([2, 2, 2], Array(0..<8)) : idx([2], [0, 1])
    }

    @Test(arguments: [
        "%", "raw/%", "ClothMNIST/raw/%", "Cloth-MNIST/%", "cloth_mnist/raw/%", ".%", "%/%", "%/.%", "cloth-mnist/.%",
    ]) func filesAreFoundUnderTheirNames(pattern: String) throws {
        for file in Self.files {
            // `.%` stands for the name with a dot before idx.
            let dotted = file.replacingOccurrences(of: "-idx", with: ".idx")
            let place = pattern.replacingOccurrences(of: ".%", with: dotted).replacingOccurrences(of: "%", with: file)
            try folder.write(contents(file), to: "data/" + place)
        }
        #expect(try open("cloth-mnist", data: "data").count == 2)
        #expect(try open("cloth-mnist", path: "data", #", "split": "test""#).labels == [0, 1])
    }

    @Test func pythonVersionIsNamedWithTheRemedy() throws {
        try folder.write("pickle", to: "data/cifar-10-batches-py/data_batch_1")
        let text = message { _ = try open("cifar10", data: "data") }
        #expect(
            text == "\(folder.path)/data/cifar-10-batches-py: contains the Python version of CIFAR-10; Agon "
                + "reads the binary version, cifar-10-binary.tar.gz: agon datasets fetch cifar10")
        try folder.write([1] + [UInt8](repeating: 7, count: 3072), to: "data/cifar-10-batches-bin/data_batch_1.bin")
        #expect(try open("cifar10", data: "data").count == 1)
    }

    @Test func archiveStandsForItsFolder() throws {
        let image = try bytes(of: try folder.writeImage("a.png", value: 9))
        let other = try bytes(of: try folder.writeImage("b.png", value: 8))
        let entries = [
            TarEntry(name: "pets/cat/1.png", contents: image), TarEntry(name: "pets/dog/1.png", contents: other),
        ]
        try folder.write(tar(entries), to: "pets.tar")
        let dataset = try open("folder", path: "pets.tar")
        #expect(dataset.classNames == ["cat", "dog"] && dataset.count == 2)
        let unpacked = folder.files.filter { $0.hasSuffix("pets/cat/1.png") }
        #expect(unpacked.count == 1)
        // A replaced archive is another one.
        try folder.write(tar(Array(entries.prefix(1))), to: "pets.tar")
        #expect(try open("folder", path: "pets.tar").count == 1)
        try folder.write("no archive", to: "bad.zip")
        #expect(message { _ = try open("folder", path: "bad.zip") }.contains("bad.zip: "))
        #expect(!folder.files.contains { $0.hasSuffix(".partial") })
    }

    @Test func unpackedArchiveThatLostAFileIsUnpackedAgain() throws {
        let image = try bytes(of: try folder.writeImage("a.png", value: 9))
        try folder.write(
            tar([
                TarEntry(name: "pets/cat/1.png", contents: image), TarEntry(name: "pets/dog/1.png", contents: image),
            ]), to: "pets.tar")
        let dataset = try open("folder", path: "pets.tar")
        #expect(dataset.notes.last?.hasPrefix("\(folder.path)/pets.tar/pets: 2 images") == true)
        let member = try #require(folder.files.first { $0.hasSuffix("pets/cat/1.png") })
        try FileManager.default.removeItem(atPath: folder.file(member))
        #expect(try open("folder", path: "pets.tar").count == 2)
        try folder.write("short", to: member)
        #expect(try open("folder", path: "pets.tar").count == 2)
        #expect(!folder.files.contains { $0.contains(".partial") })
    }

    @Test func messagesNameTheArchiveAndItsMember() throws {
        let image = try bytes(of: try folder.writeImage("a.png", value: 9))
        try folder.write(
            tar([TarEntry(name: "a.png", contents: image), TarEntry(name: "b.png", contents: [1, 2, 3])]), to: "p.tar")
        #expect(
            message { _ = try open("folder", path: "p.tar") }.hasPrefix("\(folder.path)/p.tar/b.png: not a PNG"))
        // What is damaged leaves nothing behind.
        let archive = folder.path + "/p.zip"
        try zip([("a.png", image), ("b.png", Array("second".utf8))], to: archive)
        try replace(Array("second".utf8), with: Array("sEcond".utf8), in: archive)
        let before = folder.files
        #expect(
            message { _ = try open("folder", path: "p.zip") } == "\(archive): 'b.png' is damaged (checksum)")
        #expect(Set(folder.files).subtracting(before).allSatisfy { $0.hasSuffix(".files") })
    }

    @Test func fileInPlaceOfAFolderIsCalledAFile() throws {
        try folder.write("text", to: "note.txt")
        #expect(
            message { _ = try open("folder", path: "note.txt") }
                == "\(folder.path)/note.txt: cannot be read: it is a file; expected a folder or an archive "
                + "(.zip, .tar, .tar.gz, .tar.xz, …)")
    }

    @Test func onlyMissingFilesAreNamed() throws {
        try folder.write(contents(Self.files[0]), to: "data/" + Self.files[0])
        let text = message { _ = try open("cloth-mnist", data: "data") }
        #expect(text.hasPrefix("dataset 'cloth-mnist' not found: no train-labels-idx1-ubyte in \(folder.path)/data. "))
        try folder.write([1], to: "hundred/train.bin")
        #expect(
            message { _ = try open("cifar10", data: "hundred") }.contains(
                "Passed over: \(folder.path)/hundred/train.bin: looks like CIFAR-100"))
    }

    @Test func tildeIsTheUsersFolder() {
        #expect(DatasetArchive.expanded("~/pics", environment: ["HOME": "/home/me"]) == "/home/me/pics")
        #expect(DatasetArchive.expanded("~", environment: ["HOME": "/home/me"]) == "/home/me")
        #expect(DatasetArchive.expanded("a/~/b", environment: ["HOME": "/home/me"]) == "a/~/b")
        #expect(DatasetArchive.expanded("~other/b", environment: ["HOME": "/home/me"]) == "~other/b")
    }

    @Test(arguments: [
        ("train", "val", "test"), ("training", "validation", "testing"), ("Train", "Valid", "Test"),
        ("train2017", "val2017", "test2017"), ("seg_train", "seg_dev", "seg_test"),
    ]) func partsAreRecognised(train: String, validation: String, test: String) throws {
        for (value, part) in [train, validation, test].enumerated() {
            for name in ["cat", "dog"] {
                try folder.writeImage("pics/\(part)/\(name)/a.png", value: UInt8(10 * value + 10))
            }
        }
        try folder.writeImage("pics/extra/a.png", value: 90)
        func first(_ split: String) throws -> (Int, [String], [String]) {
            let dataset = try open("folder", path: "pics", #", "split": "\#(split)""#)
            let pixel = (try dataset.samples([0]).values[0] + 1) * 127.5
            return (Int(pixel.rounded()), dataset.classNames, dataset.notes)
        }
        for (split, value, part) in [("train", 10, train), ("validation", 20, validation), ("test", 30, test)] {
            let (pixel, classes, notes) = try first(split)
            #expect(pixel == value && classes == ["cat", "dog"])
            #expect(
                notes[0] == "\(folder.path)/pics: split '\(part)' of \(train), \(validation), \(test); left out: extra")
        }
    }

    @Test func validationImagesAreNeverTrainedOn() throws {
        try folder.writeImage("pics/train/a.png", value: 1)
        try folder.writeImage("pics/val/a.png", value: 2)
        #expect(try open("folder", path: "pics").count == 1)
        #expect(try open("folder", path: "pics", #", "split": "test""#).count == 1)
        try folder.writeImage("apart/val/a.png", value: 2)
        try folder.writeImage("apart/test/a.png", value: 2)
        #expect(
            message { _ = try open("folder", path: "apart") }
                == "\(folder.path)/apart: contains test, val, but no folder 'train'; dataset.path may name one of "
                + "them directly")
    }

    @Test func classesThatAreCalledLikePartsStayClasses() throws {
        for name in ["train", "bus", "car"] { try folder.writeImage("vehicles/\(name)/a.png", value: 1) }
        #expect(try open("folder", path: "vehicles").classNames == ["bus", "car", "train"])
        for name in ["test tube", "train station"] { try folder.writeImage("scenes/\(name)/a.png", value: 1) }
        #expect(try open("folder", path: "scenes").classNames == ["test tube", "train station"])
    }

    @Test func folderInAFolderOfItsNameIsOne() throws {
        for name in ["rose", "tulip"] { try folder.writeImage("flowers/flowers/\(name)/a.png", value: 1) }
        #expect(try open("folder", path: "flowers").classNames == ["rose", "tulip"])
        for part in ["seg_train/seg_train", "seg_test/seg_test"] {
            for name in ["sea", "wood"] { try folder.writeImage("intel/\(part)/\(name)/a.png", value: 1) }
        }
        #expect(try open("folder", path: "intel").classNames == ["sea", "wood"])
    }

    @Test func backgroundAndBrokenAreSettings() throws {
        let (alpha, _) = ImageFileTests.greyWithAlpha
        try folder.write(alpha, to: "pics/a.png")
        try folder.write("broken", to: "pics/b.png")
        #expect(throws: DatasetError.self) { _ = try open("folder", path: "pics") }
        let more = #", "broken": "skip", "background": 0"#
        #expect(try open("folder", path: "pics", more).samples([0]).values.first == -1)
        let white = try open("folder", path: "pics", #", "broken": "skip""#)
        #expect(try white.count == 1 && white.samples([0]).values.first == 1)
    }
}
