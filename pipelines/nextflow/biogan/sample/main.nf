process BIOGAN_SAMPLE {
    tag "$meta.id"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "biogan:0.2.0"

    input:
    tuple val(meta), path(run)

    output:
    tuple val(meta), path("*.fasta.gz"), emit: fasta
    path "versions.yml", emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    biogan sample \\
        $run \\
        -o ${prefix}.fasta.gz \\
        $args

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        biogan: \$(biogan --version | sed 's/biogan //')
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    echo "" | gzip > ${prefix}.fasta.gz

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        biogan: 0.2.0
    END_VERSIONS
    """
}
