import AgonConfiguration
import AgonDatasets
import AgonTensors
import AgonTestFiles
import Foundation
import Testing

@Suite struct SampleEmbeddingsTests {
    /// Vector i is (i, -i, 0.5).
    private func vectors(_ count: Int) -> Tensor {
        Tensor(shape: [count, 3], values: (0..<count).flatMap { [Float($0), -Float($0), 0.5] })
    }

    private func open(_ text: String) throws -> any Dataset {
        try ConfigReader.decode(DatasetConfiguration.self, from: ConfigNode.parse(text, file: "test.json")).value
            .open(searchPath: DataSearchPath(roots: [], manifestFolders: [], fetchFolder: "/nowhere"))
    }

    /// Eight images in two classes; image i has the value i.
    private func images() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for index in 0..<8 {
            try folder.writeImage("images/\(index < 5 ? "a" : "b")/\(index).png", value: UInt8(index))
        }
        return folder
    }

    @Test(arguments: ["npy", "npy64", "safetensors", "several"]) func batchesCarryTheVectorsOfTheirSamples(
        format: String
    ) throws {
        let folder = try images()
        let array = vectors(8)
        var path = folder.path + "/text.safetensors"
        switch format {
        case "npy":
            path = folder.path + "/text.npy"
            try NpyArray(array).write(path: path)
        case "npy64":
            path = folder.path + "/TEXT.NPY"
            try NpyArray(shape: array.shape, values: .float64(array.values.map { Double($0) })).write(path: path)
        case "safetensors":
            try SafetensorsFile.write(path: path, [.init(name: "whatever", tensor: array)])
        default:
            let other = Tensor(shape: [2], values: [1, 2])
            try SafetensorsFile.write(
                path: path, [.init(name: "captions", tensor: other), .init(name: "embeddings", tensor: array)])
        }
        let dataset = try open(
            #"{"name": "folder", "path": "\#(folder.path)/images", "embeddings": "\#(path)"}"#)
        #expect(dataset.embeddingSize == 3)
        let loader = try BatchLoader(dataset: dataset, batchSize: 3, seed: 1, keepsRemainder: true)
        for count in [3, 3, 2, 3] {
            let batch = try loader.next()
            let expected: [Float] = batch.samples.flatMap { [Float($0), -Float($0), 0.5] }
            #expect(batch.samples.count == count)
            #expect(Array(batch.embeddings) == expected)
            #expect(batch.embeddingTensor == Tensor(shape: [count, 3], values: expected))
        }
    }

    @Test func selectionCarriesItsRows() throws {
        let folder = try images()
        let path = folder.path + "/text.npy"
        try NpyArray(vectors(8)).write(path: path)
        func firstValues(_ choice: String) throws -> [Float] {
            let dataset = try open(
                #"{"name": "folder", "path": "\#(folder.path)/images", "embeddings": "\#(path)", \#(choice)}"#)
            let pixels = try dataset.samples(0..<dataset.count).values
            return (0..<dataset.count).map { index in
                let vector = UnsafeMutableBufferPointer<Float>.allocate(capacity: 3)
                defer { vector.deallocate() }
                dataset.writeEmbedding(index, into: vector)
                // The vector belongs to the image.
                #expect(pixels[index * 12] == vector[0] / 127.5 - 1)
                return vector[0]
            }
        }
        #expect(try firstValues(#""classes": ["b"]"#) == [5, 6, 7])
        #expect(try firstValues(#""classes": ["b"], "limit": 2"#) == [5, 6])
        #expect(try firstValues(#""limit": 3"#) == [0, 1, 2])
        #expect(try firstValues(#""limit": 3, "limitOrder": "classes""#) == [0, 1, 5])
        let (kept, held) = (
            try firstValues(#""holdout": 0.25"#), try firstValues(#""holdout": 0.25, "split": "test""#)
        )
        #expect(held.count == 2 && Set(kept + held) == Set((0..<8).map { Float($0) }))
    }

    @Test func setsWithoutEmbeddingsHaveNone() throws {
        let folder = try images()
        let dataset = try open(#"{"name": "folder", "path": "\#(folder.path)/images"}"#)
        #expect(dataset.embeddingSize == nil)
        let batch = try BatchLoader(dataset: dataset, batchSize: 2, seed: 1).next()
        #expect(batch.embeddings.isEmpty && batch.embeddingTensor == nil)
    }

    @Test func unfitFilesAreRefused() throws {
        let folder = try TemporaryFolder()
        func text(_ name: String, _ tensor: Tensor) throws -> String {
            let path = folder.path + "/" + name
            try NpyArray(tensor).write(path: path)
            return message { _ = try SampleEmbeddings(path: path, count: 8) }
        }
        let path = { (name: String) in folder.path + "/" + name }
        #expect(
            try text("few.npy", vectors(7))
                == "\(path("few.npy")): it contains 7 vectors, but the split has 8 samples "
                + "before holdout, classes and limit")
        #expect(
            try text("deep.npy", Tensor(shape: [8, 10, 1], repeating: 0))
                == "\(path("deep.npy")): its shape is [8, 10, 1], expected a vector for each sample, [samples, size]")
        #expect(try text("flat.npy", Tensor(shape: [8], repeating: 0)).contains("its shape is [8], expected"))
        #expect(try text("empty.npy", Tensor(shape: [8, 0], values: [])).contains("its shape is [8, 0], expected"))
        var infinite = vectors(8)
        infinite.values[3 * 6 + 1] = .infinity
        #expect(try text("inf.npy", infinite) == "\(path("inf.npy")): value 1 of vector 6 is inf")
        infinite.values[3 * 6 + 1] = .nan
        #expect(try text("nan.npy", infinite) == "\(path("nan.npy")): value 1 of vector 6 is nan")
        let named = try folder.write("1 2 3", to: "text.txt")
        #expect(
            message { _ = try SampleEmbeddings(path: named, count: 8) }
                == "\(named): expected a file whose name ends in .npy or .safetensors")
        let several = path("several.safetensors")
        try SafetensorsFile.write(
            path: several, [.init(name: "x", tensor: vectors(8)), .init(name: "y", tensor: vectors(8))])
        #expect(
            message { _ = try SampleEmbeddings(path: several, count: 8) }
                == "\(several): no tensor 'embeddings'; it has x, y")
        #expect(message { _ = try SampleEmbeddings(path: path("no.npy"), count: 8) }.contains("No such file"))
    }

    @Test(arguments: ["npy", "safetensors"]) func everyTruncationIsAnError(format: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/whole." + format
        if format == "npy" {
            try NpyArray(vectors(2)).write(path: path)
        } else {
            try SafetensorsFile.write(path: path, [.init(name: "embeddings", tensor: vectors(2))])
        }
        let whole = try bytes(of: path)
        #expect(try SampleEmbeddings(path: path, count: 2).size == 3)
        for count in whole.indices {
            let cut = try folder.write(Array(whole[..<count]), to: "cut." + format)
            #expect(throws: TensorsError.self, "cut to \(count) of \(whole.count)") {
                _ = try SampleEmbeddings(path: cut, count: 2)
            }
        }
    }

    @Test func pointsTakeNone() {
        let text = message { _ = try open(#"{"name": "gaussians-8", "embeddings": "a.npy"}"#) }
        #expect(text == "test.json:1: embeddings: 'gaussians-8' has points, not images")
    }
}
