import AgonConfiguration
import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

/// Two sets in one form and under the same names of files, as MNIST and those made after it.
@Suite struct RecordedContentsTests {
    private let folder: TemporaryFolder

    private static func contents(_ set: String) -> (images: [UInt8], labels: [UInt8]) {
        let first: UInt8 = set == "letters" ? 100 : 0
        return (
            idx([4, 2, 2], (0..<16).map { first + $0 }), idx([4], set == "letters" ? [1, 1, 0, 0] : [0, 1, 0, 1])
        )
    }

    init() throws {
        folder = try TemporaryFolder()
        for set in ["digits", "letters"] {
            let (images, labels) = Self.contents(set)
            func file(_ name: String, _ bytes: [UInt8]) -> String {
                var hash = SHA256()
                hash.update(bytes)
                return #"{"name": "\#(name)", "size": \#(bytes.count), "sha256": "\#(hash.finishHex())"}"#
            }
            try folder.write(
                """
                {"name": "\(set)", "title": "T", "homepage": "h", "licence": "l", "citation": "c", "classes": ["a", "b"],
                 "forms": [{"format": "idx", "train": {"images": ["images"], "labels": "labels"}, "sources": [],
                            "files": [\(file("images", images)), \(file("labels", labels))]}]}
                """, to: "manifests/\(set).json")
        }
    }

    private func place(_ set: String, at path: String, changing: (inout [UInt8], inout [UInt8]) -> Void = { _, _ in })
        throws
    {
        var (images, labels) = Self.contents(set)
        changing(&images, &labels)
        try folder.write(images, to: path + "/images")
        try folder.write(labels, to: path + "/labels")
    }

    private func open(_ set: String, data: String? = nil, environment: String? = nil, path: String? = nil) throws
        -> any Dataset
    {
        var roots: [DataSearchPath.Root] = []
        if let data { roots.append(.init(path: folder.path + "/" + data, standing: .given)) }
        if let environment { roots.append(.init(path: folder.path + "/" + environment, standing: .environment)) }
        roots.append(.init(path: folder.path + "/system", standing: .collection))
        let searchPath = DataSearchPath(
            roots: roots, manifestFolders: [folder.path + "/manifests"], fetchFolder: folder.path)
        let place = path.map { #", "path": "\#(folder.path)/\#($0)""# } ?? ""
        return try ConfigReader.decode(
            DatasetConfiguration.self, from: ConfigNode.parse(#"{"name": "\#(set)"\#(place)}"#, file: "test.json")
        ).value.open(searchPath: searchPath)
    }

    private func firstPixel(_ dataset: any Dataset) throws -> Int {
        Int(((try dataset.samples([0]).values[0] + 1) * 127.5).rounded())
    }

    @Test(arguments: ["environment", "data"]) func anotherSetUnderTheSameNamesIsPassedOver(way: String) throws {
        try place("digits", at: "mine")
        try place("letters", at: "system/letters")
        let dataset = try way == "data" ? open("letters", data: "mine") : open("letters", environment: "mine")
        #expect(try firstPixel(dataset) == 100)
        #expect(
            dataset.notes == [
                "passed over: \(folder.path)/mine/images: contents differ from those recorded for this dataset; they are those of 'digits'"
            ])
        #expect(try firstPixel(open("digits", environment: "mine")) == 0)
    }

    @Test func anotherSetAloneEndsTheRun() throws {
        try place("digits", at: "mine")
        let text = message { _ = try open("letters", environment: "mine") }
        #expect(text.contains("dataset 'letters' not found") && text.contains("those of 'digits'"), "\(text)")
        #expect(message { _ = try open("letters", path: "mine") }.contains("those of 'digits'"))
        try place("digits", at: "system/letters")
        #expect(message { _ = try open("letters") }.contains("those of 'digits'"), "whatever the folder is called")
    }

    @Test func damagedCopyIsPassedOver() throws {
        try place("letters", at: "system/letters") { images, _ in images[20] ^= 1 }
        #expect(
            message { _ = try open("letters") }.contains("recorded for this dataset, although"))
        try place("letters", at: "whole")
        #expect(try firstPixel(open("letters", path: "whole")) == 100)
    }

    /// Data of another size are no damaged copy: someone's own, for whoever names the folder.
    @Test func dataOfOnesOwnAreTakenOnlyWhereTheyAreNamed() throws {
        let own = { (images: inout [UInt8], labels: inout [UInt8]) in
            images = idx([2, 2, 2], [UInt8](repeating: 60, count: 8))
            labels = idx([2], [0, 1])
        }
        try place("letters", at: "own", changing: own)
        let dataset = try open("letters", data: "own")
        #expect(try firstPixel(dataset) == 60)
        #expect(
            dataset.notes == [
                "\(folder.path)/own/images: not the recorded contents of 'letters'; "
                    + "used as custom data in the same format"
            ])
        #expect(try open("letters", path: "own").count == 2)
        #expect(message { _ = try open("letters", environment: "own") }.contains("not the recorded contents"))
        try place("letters", at: "env/letters", changing: own)
        #expect(try open("letters", environment: "env").count == 2)
        try place("letters", at: "system/letters")
        #expect(try open("letters", environment: "own").count == 4, "the recorded ones, further down the path")
    }

    @Test func otherFolderOfImagesIsNotTakenForASet() throws {
        try folder.write(
            """
            {"name": "animals", "title": "T", "homepage": "h", "licence": "l", "citation": "c", "classes": ["cat", "dog"],
             "forms": [{"format": "folder", "train": {"images": ["train"]}, "sources": [],
                        "files": [{"name": "a.tar", "packing": "archive", "size": 1,
                                   "sha256": "\(String(repeating: "0", count: 64))"}]}]}
            """, to: "manifests/animals.json")
        for name in ["train/car/a.png", "train/bus/a.png"] { try folder.writeImage("vehicles/" + name, value: 1) }
        #expect(message { _ = try open("animals", data: "vehicles") }.contains("not found"))
        for name in ["train/cat/a.png", "train/dog/a.png"] { try folder.writeImage("pets/" + name, value: 1) }
        #expect(try open("animals", data: "pets").classNames == ["cat", "dog"])
    }

    @Test func fetchedFolderIsComparedWithItsRecord() throws {
        try folder.write(
            """
            {"name": "animals", "title": "T", "homepage": "h", "licence": "l", "citation": "c",
             "forms": [{"format": "folder", "train": {"images": ["train"]}, "sources": [],
                        "files": [{"name": "a.tar", "packing": "archive", "size": 1,
                                   "sha256": "\(String(repeating: "0", count: 64))"}]}]}
            """, to: "manifests/animals.json")
        for name in ["cat/a.png", "dog/a.png"] { try folder.writeImage("system/animals/train/" + name, value: 1) }
        try DatasetVerification.writeRecord(in: folder.path + "/system/animals")
        #expect(try open("animals").count == 2)
        let changed = try folder.writeImage("system/animals/train/dog/a.png", value: 2)
        #expect(throws: DatasetError.otherContents(path: changed, name: nil)) { _ = try open("animals") }
    }
}
